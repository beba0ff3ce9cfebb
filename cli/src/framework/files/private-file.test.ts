import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { UnusableFileError, readPrivateFile, writePrivateFile } from './private-file.ts'

test('a private file is written in a new folder, and only the owner can read the file and the folder', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-private-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'made', 'key')
  assert.equal(await readPrivateFile(file, 10), undefined)
  await writePrivateFile(file, 'first')
  await writePrivateFile(file, 'second')
  assert.equal(await readPrivateFile(file, 10), 'second')
  assert.deepEqual(await readdir(path.dirname(file)), ['key'])
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await stat(path.dirname(file))).mode & 0o777, 0o700)
})

test('a file is rejected if other users can read the file, if the file is too large, or if the path is a folder', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-private-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'key')
  await writePrivateFile(file, 'secret')
  await assert.rejects(readPrivateFile(file, 5), UnusableFileError)
  await assert.rejects(readPrivateFile(directory, 100), UnusableFileError)
  await chmod(file, 0o640)
  await assert.rejects(readPrivateFile(file, 100), UnusableFileError)
})
