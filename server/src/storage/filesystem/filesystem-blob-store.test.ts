import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { hash, randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { until } from '../../../testing/platform/test-patience.ts'
import { testBlobStore } from '../contract/blob-store-contract.ts'
import { StorageFullError, StorageUnavailableError } from '../contract/errors.ts'
import { createFilesystemBlobStore, markFiles, readFilesMark } from './filesystem-blob-store.ts'
import { parseLocation } from '../contract/location.ts'

const directories: string[] = []

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-blobs-'))
  directories.push(directory)
  return directory
}

after(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
})

testBlobStore('the filesystem blob store', async (clock) => createFilesystemBlobStore(await newDirectory(), { clock }))

describe('the filesystem blob store', () => {
  it('finds blobs and staged uploads after it is opened again', async () => {
    const directory = await newDirectory()
    const first = await createFilesystemBlobStore(directory)
    await first.append('finished', Readable.from([Buffer.from('whole')]), { offset: 0 })
    const location = await first.commit('finished', digestOf(Buffer.from('whole')))
    await first.append('begun', Readable.from([Buffer.from('ha')]), { offset: 0 })
    const second = await createFilesystemBlobStore(directory)
    assert.equal(String(await buffer(await second.read(location))), 'whole')
    assert.equal(await second.append('begun', Readable.from([Buffer.from('lf')]), { offset: 2 }), 4)
  })

  it('deletes no file while another process holds the files, and does so again afterwards', async () => {
    let held = true
    const store = await createFilesystemBlobStore(await newDirectory(), { filesAreHeld: () => held })
    await store.append('one', Readable.from([Buffer.from('x')]), { offset: 0 })
    const location = await store.commit('one', digestOf(Buffer.from('x')))
    await store.delete(location)
    assert.equal(String(await buffer(await store.read(location))), 'x')
    held = false
    await store.delete(location)
    assert.equal(await store.find(location), undefined)
  })

  it('creates files that only the owner can read', async () => {
    const directory = await newDirectory()
    const store = await createFilesystemBlobStore(join(directory, 'new'))
    await store.append('one', Readable.from([Buffer.from('x')]), { offset: 0 })
    assert.equal((await stat(join(directory, 'new/staging/one'))).mode & 0o777, 0o600)
    assert.equal((await stat(join(directory, 'new/staging'))).mode & 0o777, 0o700)
  })

  it('ignores foreign files', async () => {
    const directory = await newDirectory()
    const store = await createFilesystemBlobStore(directory)
    await store.append('one', Readable.from([Buffer.from('x')]), { offset: 0 })
    const location = await store.commit('one', digestOf(Buffer.from('x')))
    await writeFile(join(directory, 'blobs/sha256/.DS_Store'), '')
    await writeFile(join(directory, 'blobs/sha256', location.slice(7, 9), 'note.txt'), '')
    await writeFile(join(directory, 'staging/.hidden'), '')
    assert.deepEqual(await Array.fromAsync(store.list()), [location])
    assert.deepEqual(await Array.fromAsync(store.listStaged()), [])
  })

  it('rejects upload ids that leave its directory', async () => {
    const store = await createFilesystemBlobStore(await newDirectory())
    for (const uploadId of ['', '..', '../x', 'a/b', 'a\0b', '.hidden', 'x'.repeat(129)]) {
      await assert.rejects(store.append(uploadId, Readable.from([]), { offset: 0 }), /safe as a file name/)
    }
  })

  it('leaves no file open when a source fails, a destination closes or a limit is exceeded', async () => {
    const store = await createFilesystemBlobStore(await newDirectory())
    await store.append('one', Readable.from([randomBytes(1_000_000)]), { offset: 0 })
    const location = await store.commit('one', digestOf(Buffer.from('not looked at')))
    const before = (await readdir('/proc/self/fd')).length
    for (let round = 0; round < 20; round += 1) {
      const source = new PassThrough()
      const append = store.append('two', source, { offset: 0 })
      source.write(Buffer.alloc(600_000))
      setImmediate(() => source.destroy())
      await assert.rejects(append, { name: 'BrokenSourceError' })
      const tooMuch = store.append('two', Readable.from([Buffer.alloc(9)]), { offset: 0, sizeLimitBytes: 8 })
      await assert.rejects(tooMuch, { name: 'TooManyBytesError' })
      const destination = new Writable({ write: () => destination.destroy() })
      await assert.rejects((await store.open(location)).sendTo(destination), /destination closed/)
    }
    await until('the files are closed', async () => (await readdir('/proc/self/fd')).length <= before + 1)
  })

  it('reports a full disk, keeps the bytes that fit, and continues when there is space', async (t) => {
    const directory = await newDirectory()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' })
    } catch {
      t.skip('a small file system cannot be mounted here')
      return
    }
    try {
      const store = await createFilesystemBlobStore(directory)
      const content = randomBytes(3_000_000)
      const append = store.append('one', Readable.from([content]), { offset: 0 })
      await assert.rejects(append, StorageFullError)
      const staged = await buffer(await store.readStaged('one'))
      assert.ok(staged.length > 0)
      assert.equal(Buffer.compare(staged, content.subarray(0, staged.length)), 0)
      await store.discard('one')
      assert.equal(await store.append('two', Readable.from([Buffer.from('fits')]), { offset: 0 }), 4)
    } finally {
      execFileSync('umount', [directory])
    }
  })
})

describe('the mark of a store in files', () => {
  const markIn = (directory: string, algorithm: string) => join(directory, 'blobs', algorithm, 'installation')

  it('is the same in all directories, and for everybody who marks the store', async () => {
    const directory = await newDirectory()
    assert.equal(await readFilesMark(directory), undefined)
    const ids = await Promise.all(Array.from({ length: 8 }, () => markFiles(directory)))
    assert.deepEqual([...new Set(ids)], [await readFilesMark(directory)])
    for (const algorithm of ['sha256', 'sha512']) {
      assert.deepEqual(await readdir(join(directory, 'blobs', algorithm)), ['installation'])
    }
  })

  it('is none while one of the directories lacks it, and is completed', async () => {
    const directory = await newDirectory()
    const id = await markFiles(directory)
    await rm(markIn(directory, 'sha512'))
    assert.equal(await readFilesMark(directory), undefined)
    assert.equal(await markFiles(directory), id)
    assert.equal(await readFilesMark(directory), id)
  })

  it('cannot be that of two stores', async () => {
    const directory = await newDirectory()
    await markFiles(directory)
    await writeFile(markIn(directory, 'sha512'), 'another\n')
    assert.equal(await readFilesMark(directory), undefined)
    await assert.rejects(markFiles(directory), StorageUnavailableError)
  })

  it('is that of the directory into which a blob is moved, at each commit', async () => {
    const directory = await newDirectory()
    const id = await markFiles(directory)
    const store = await createFilesystemBlobStore(directory, { mark: { id } })
    const file = markIn(directory, 'sha256')
    const elsewhere = `${file}.elsewhere`
    const commit = async (upload: string) => {
      const content = Buffer.from(upload)
      await store.append(upload, Readable.from([content]), { offset: 0 })
      await store.commit(upload, digestOf(content))
    }
    await commit('one')
    await commit('two')
    await rename(file, elsewhere)
    await assert.rejects(commit('three'), StorageUnavailableError)
    await writeFile(file, `${randomUUID()}\n`)
    await assert.rejects(commit('four'), StorageUnavailableError)
    await rename(elsewhere, file)
    await commit('five')
  })

  it('leaves nothing behind if it cannot be written', async () => {
    const directory = await newDirectory()
    await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true })
    await mkdir(markIn(directory, 'sha256'))
    await assert.rejects(markFiles(directory), StorageUnavailableError)
    assert.deepEqual(await readdir(join(directory, 'blobs', 'sha256')), ['installation'])
    await rm(markIn(directory, 'sha256'), { recursive: true })
    const id = await markFiles(directory)
    assert.equal(await readFile(markIn(directory, 'sha256'), 'utf8'), `${id}\n`)
  })
})

describe('a location', () => {
  const hex = 'ab'.repeat(32)
  const unique = '0123456789abcdef01234567'
  const cases: readonly [text: string, isOne: boolean, why: string][] = [
    [`sha256:${hex}.${unique}`, true, 'sha256'],
    [`sha512:${hex}${hex}.${unique}`, true, 'sha512'],
    [`sha256:${hex}`, false, 'no part of its own'],
    [`sha256:${hex}.${unique}/..`, false, 'leaves the directory'],
    [`sha256:../${hex.slice(3)}.${unique}`, false, 'leaves the directory'],
    [`md5:${hex}.${unique}`, false, 'unknown algorithm'],
    [`sha256:${hex}.${unique}\n`, false, 'a line end'],
  ]
  for (const [text, isOne, why] of cases) {
    it(`${isOne ? 'is' : 'is not'} ${JSON.stringify(text.slice(0, 24))}…: ${why}`, () => {
      assert.equal(parseLocation(text) !== undefined, isOne)
    })
  }
})

function digestOf(content: Buffer): string {
  return `sha256:${hash('sha256', content, 'hex')}`
}
