import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import type { StoredBlobRow } from '../../registry/index.ts'
import { type BlobLocation, type BlobStore, createMemoryBlobStore } from '../../storage/index.ts'
import { type BlobCopy, copyBlobs, deleteUnnamed, requireAll } from './copy-blobs.ts'
import { DamagedBlobError, TargetDamagedError } from './errors.ts'
import { openVerifiedBlobs } from './verified-blobs.ts'

type Stored = StoredBlobRow & { readonly content: Buffer }

async function put(store: BlobStore, content: Buffer, digestOf = content): Promise<Stored> {
  const digest = `sha256:${createHash('sha256').update(digestOf).digest('hex')}`
  await store.append('upload', Readable.from([content]), { offset: 0 })
  const location = await store.commit('upload', digest)
  return { digest, location, sizeBytes: content.length, isQuarantined: false, content }
}

async function open(t: TestContext, to: BlobStore = createMemoryBlobStore()) {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-copy-blobs-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = join(directory, 'verified')
  const verified = await openVerifiedBlobs(file)
  t.after(() => verified.close())
  const from = createMemoryBlobStore()
  const rows: Stored[] = []
  let bytes = 0
  const copy: BlobCopy = {
    from,
    to,
    verified,
    blobs: async function* () {
      yield* rows
    },
    onBytes: (count) => {
      bytes += count
    },
  }
  return { from, to, rows, copy, file, bytes: () => bytes }
}

test('blobs have the same location and bytes in the target, and each blob is copied once', async (t) => {
  const { from, to, rows, copy, bytes } = await open(t)
  for (const size of [0, 1, 500_000]) rows.push(await put(from, randomBytes(size)))
  assert.deepEqual(await copyBlobs(copy), [])
  for (const { location, content } of rows) assert.deepEqual(await buffer(await to.read(location)), content)
  assert.equal(bytes(), 500_001)
  assert.deepEqual(await copyBlobs({ ...copy, from: createMemoryBlobStore() }), [], 'nothing is read again')
})

test('a blob that is corrupt or missing in the source is reported, and is not stored in the target', async (t) => {
  const { from, to, rows, copy } = await open(t)
  const corrupt = await put(from, randomBytes(1000), randomBytes(1000))
  const missing = await put(from, randomBytes(1000))
  await from.delete(missing.location)
  rows.push(corrupt, missing, await put(from, randomBytes(10)))
  const problems = await copyBlobs(copy)
  assert.deepEqual(
    problems.toSorted((one, other) => one.problem.localeCompare(other.problem)),
    [
      { digest: corrupt.digest, problem: 'corrupt' },
      { digest: missing.digest, problem: 'missing' },
    ],
  )
  assert.equal(await to.find(corrupt.location), undefined)
  assert.throws(() => requireAll(problems, new Set([corrupt.digest])), DamagedBlobError)
  requireAll(problems, new Set([corrupt.digest, missing.digest]))
})

test('a blob of an interrupted copy is used if all of its bytes are present; otherwise it is replaced', async (t) => {
  const { from, to, rows, copy } = await open(t)
  const [whole, wrong, short] = [
    await put(from, randomBytes(99)),
    await put(from, randomBytes(99)),
    await put(from, randomBytes(99)),
  ]
  rows.push(whole, wrong, short)
  await to.putAt(whole.location, Readable.from([whole.content]))
  await to.putAt(wrong.location, Readable.from([randomBytes(99)]))
  await to.putAt(short.location, Readable.from([short.content.subarray(1)]))
  await from.delete(whole.location)
  assert.deepEqual(await copyBlobs(copy), [])
  for (const { location, content } of rows) assert.deepEqual(await buffer(await to.read(location)), content)
})

test('the copy fails if the target returns other bytes than it received', async (t) => {
  const memory = createMemoryBlobStore()
  const lying = Object.create(memory, {
    putAt: { value: (location: BlobLocation) => memory.putAt(location, Readable.from([randomBytes(9)])) },
    find: { value: (location: BlobLocation) => memory.find(location) },
    read: { value: (location: BlobLocation) => memory.read(location) },
  }) as BlobStore
  const { from, rows, copy } = await open(t, lying)
  rows.push(await put(from, randomBytes(9)))
  await assert.rejects(copyBlobs(copy), TargetDamagedError)
})

test('the copy of a blob that is deleted in the source is also deleted in the target', async (t) => {
  const { from, to, rows, copy } = await open(t)
  const [kept, deleted] = [await put(from, randomBytes(9)), await put(from, randomBytes(9))]
  rows.push(kept, deleted)
  await copyBlobs(copy)
  rows.pop()
  await deleteUnnamed(copy)
  assert.deepEqual(await Array.fromAsync(to.list()), [kept.location])
})

test('an incomplete line in the file of verified blobs is ignored, and the next line is complete', async (t) => {
  const { from, rows, copy, file } = await open(t)
  const [one, other] = [await put(from, randomBytes(9)), await put(from, randomBytes(9))]
  rows.push(one)
  await copyBlobs(copy)
  await appendFile(file, other.location.slice(0, 50))
  const again = await openVerifiedBlobs(file)
  assert.deepEqual([...again.all()], [one.location])
  await again.add(other.location)
  await again.close()
  const last = await openVerifiedBlobs(file)
  assert.deepEqual([...last.all()], [one.location, other.location])
  await last.close()
})
