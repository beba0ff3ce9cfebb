import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { startPackagedThread } from './packaged-file.ts'

test('a thread uses the compile cache of the thread that starts it', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'acrux-thread-'))
  enableCompileCache(folder.path)
  const file = join(folder.path, 'thread.mjs')
  writeFileSync(
    file,
    `import { getCompileCacheDir } from 'node:module'
     import { parentPort } from 'node:worker_threads'
     parentPort.postMessage(getCompileCacheDir())`,
  )
  const thread = startPackagedThread(pathToFileURL(file), {})
  assert.deepEqual(await once(thread, 'message'), [getCompileCacheDir()])
  await thread.terminate()
})
