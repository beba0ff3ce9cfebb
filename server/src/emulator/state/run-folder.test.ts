import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openRunFolder, removeAbandonedFolders } from './run-folder.ts'

function parentFolder(t: TestContext): string {
  const parent = mkdtempSync(path.join(tmpdir(), 'acrux-runs-'))
  t.after(() => rmSync(parent, { recursive: true }))
  return parent
}

test('the folder of a run is private, and repeated removal is harmless', async (t) => {
  const parent = parentFolder(t)
  const folder = await openRunFolder(parent)
  assert.equal(statSync(folder.path).mode & 0o777, 0o700)
  folder.remove()
  folder.remove()
  assert.ok(!existsSync(folder.path))
})

test('the folder of a killed process is removed, and the folder of a running process stays', async (t) => {
  const parent = parentFolder(t)
  const code = `import(${JSON.stringify(new URL('run-folder.ts', import.meta.url).href)}).then(async (module) => {
    console.log((await module.openRunFolder(${JSON.stringify(parent)})).path)
    setInterval(() => undefined, 1000)
  })`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = (await once(child.stdout, 'data')) as [Buffer]
  const folder = output.toString().trim()
  await removeAbandonedFolders(parent)
  assert.ok(existsSync(folder))
  child.kill('SIGKILL')
  await once(child, 'close')
  await removeAbandonedFolders(parent)
  assert.ok(!existsSync(folder))
})

test('an old folder without a lock is removed, and other folders stay', async (t) => {
  const parent = parentFolder(t)
  const [fresh, old, other] = ['acrux-emulator-new', 'acrux-emulator-old', 'acrux-other'].map((name) =>
    path.join(parent, name),
  ) as [string, string, string]
  for (const each of [fresh, old, other]) mkdirSync(each)
  const longAgo = new Date(Date.now() - 3_600_000)
  for (const each of [old, other]) utimesSync(each, longAgo, longAgo)
  await removeAbandonedFolders(parent)
  assert.deepEqual(
    [fresh, old, other].map((each) => existsSync(each)),
    [true, false, true],
  )
})
