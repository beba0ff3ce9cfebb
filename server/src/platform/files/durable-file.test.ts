import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makePrivateDirectory, writeFileDurably } from './durable-file.ts'

describe('a durable file', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'acrux-durable-'))
  })
  after(() => rm(directory, { recursive: true }))

  test('a durable write replaces the complete content, sets the requested mode and leaves no temporary file', async () => {
    const file = join(directory, 'a')
    await writeFile(file, 'the old content, which is longer', { mode: 0o644 })
    await writeFileDurably(file, 'new', 0o600)
    assert.equal(await readFile(file, 'utf8'), 'new')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(directory), ['a'])
  })

  test('a durable file has the requested mode although the umask would remove permissions', async () => {
    const file = join(directory, 'b')
    const umask = process.umask(0o077)
    try {
      await writeFileDurably(file, 'public', 0o644)
    } finally {
      process.umask(umask)
    }
    assert.equal((await stat(file)).mode & 0o777, 0o644)
  })

  test('a durable write leaves no temporary file if the rename fails', async () => {
    const taken = join(directory, 'taken')
    await makePrivateDirectory(join(taken, 'inside'))
    await assert.rejects(writeFileDurably(taken, 'x', 0o600), { code: 'EISDIR' })
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

  test('a missing directory is created as private, and an existing directory stays unchanged', async () => {
    const deep = join(directory, 'c', 'd', 'e')
    await makePrivateDirectory(deep)
    assert.equal((await stat(deep)).mode & 0o777, 0o700)
    const open = join(directory, 'open')
    await mkdir(open)
    await chmod(open, 0o755)
    await makePrivateDirectory(open)
    assert.equal((await stat(open)).mode & 0o777, 0o755)
  })

  test('several callers can create the same directory at the same moment', async () => {
    const deep = join(directory, 'together', 'f', 'g')
    await Promise.all([deep, deep, deep].map(makePrivateDirectory))
    assert.equal((await stat(deep)).mode & 0o777, 0o700)
  })
})
