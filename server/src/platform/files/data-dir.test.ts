import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DataDirLockedError, DataDirUnusableError, UnfinishedRestoreError, holdFiles, openDataDir } from './data-dir.ts'
import { exitCodes } from '@acrux/shared/texts/startup-error.ts'

describe('a data directory', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'acrux-data-dir-'))
  })
  after(() => rm(directory, { recursive: true }))

  test('the data directory is created with access for only the user of the server', async () => {
    const path = join(directory, 'fresh', 'data')
    const dataDir = await openDataDir(path)
    assert.equal(dataDir.path, path)
    assert.equal((await stat(path)).mode & 0o777, 0o700)
    assert.equal((await stat(join(path, 'lock'))).mode & 0o777, 0o600)
    dataDir.close()
  })

  test('a second server in the same process cannot open the data directory until the first server closes the directory', async () => {
    const path = join(directory, 'same')
    const first = await openDataDir(path)
    await assert.rejects(openDataDir(path), DataDirLockedError)
    first.close()
    const second = await openDataDir(path)
    second.close()
  })

  test('no other process can open the data directory until the process that uses the directory is killed', async () => {
    const path = join(directory, 'other')
    const child = spawn(process.execPath, ['--input-type=module', '--eval', holder, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await assert.rejects(openDataDir(path), (error: unknown) => {
      assert.ok(error instanceof DataDirLockedError)
      assert.equal(error.exitCode, exitCodes.dataDirLocked)
      assert.match(error.message, /another server is using the data directory/)
      return true
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const dataDir = await openDataDir(path)
    assert.deepEqual(await readdir(path), ['hold', 'lock'])
    dataDir.close()
  })

  test('several processes can hold the files of the data directory, each until it releases the hold or is killed', async () => {
    const path = join(directory, 'held')
    const dataDir = await openDataDir(path)
    assert.equal(dataDir.filesAreHeld(), false)
    const child = spawn(process.execPath, ['--input-type=module', '--eval', fileHolder, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    assert.equal(dataDir.filesAreHeld(), true)
    const second = holdFiles(path)
    assert.equal(dataDir.filesAreHeld(), true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(dataDir.filesAreHeld(), true)
    second.close()
    assert.equal(dataDir.filesAreHeld(), false)
    holdFiles(path).close()
    assert.equal(dataDir.filesAreHeld(), false)
    dataDir.close()
  })

  test('a server cannot open a data directory with an interrupted restore, but another restore can lock the directory', async () => {
    const path = join(directory, 'half')
    await mkdir(join(path, 'restoring'), { recursive: true })
    await assert.rejects(openDataDir(path), UnfinishedRestoreError)
    const dataDir = await openDataDir(path, { restoring: true })
    dataDir.close()
  })

  test('an unusable data directory causes a different error than a locked data directory', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    await assert.rejects(openDataDir(file), DataDirUnusableError)
    await assert.rejects(openDataDir(join(file, 'below')), DataDirUnusableError)
  })
})

const fileHolder = `
  import { holdFiles } from ${JSON.stringify(fileURLToPath(new URL('data-dir.ts', import.meta.url)))}
  holdFiles(process.argv[1])
  process.stdout.write('held')
  setInterval(() => {}, 1000)
`

const holder = `
  import { openDataDir } from ${JSON.stringify(fileURLToPath(new URL('data-dir.ts', import.meta.url)))}
  await openDataDir(process.argv[1])
  process.stdout.write('locked')
  setInterval(() => {}, 1000)
`
