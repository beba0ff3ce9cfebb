import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { Clock } from '../../src/platform/process/clock.ts'
import { testBlobStore } from '../../src/storage/contract/blob-store-contract.ts'
import { StagedChangedError, StorageUnavailableError } from '../../src/storage/contract/errors.ts'
import type { BlobLocation, BlobStore } from '../../src/storage/contract/model.ts'
import { claimObjects } from '../../src/storage/objects/claim-objects.ts'
import { createObjectBlobStore } from '../../src/storage/objects/object-blob-store.ts'
import type { ObjectStore } from '../../src/storage/objects/object-store.ts'
import { defaultPartSizes, type PartSizes } from '../../src/storage/objects/part-writer.ts'

/** A driver of objects under test. */
export type ObjectDriver = {
  readonly name: string
  /** Opens a client. Clients with the same prefix have the same objects. */
  readonly open: (prefix: string) => Promise<ObjectStore>
  /** The keys of incomplete objects below a prefix, according to the list of the server. */
  readonly incomplete: (prefix: string) => Promise<readonly string[]>
  readonly partSizes?: PartSizes
  /** Whether a part replaces a part with the same number from another process. */
  readonly replacesParts?: boolean
}

const clock: Clock = { now: () => 1_700_000_000_000 }
const mebibyte = 1024 * 1024

let count = 0
/** A prefix that no other test uses. */
export function newPrefix(): string {
  count += 1
  return `test-${count}/`
}

/** Tests the contract of `BlobStore`, and the additional guarantees of object stores. */
export function testObjectBlobStore(driver: ObjectDriver): void {
  const { name, open, partSizes = defaultPartSizes, replacesParts = false } = driver
  testBlobStore(name, async (now) => createObjectBlobStore(await open(newPrefix()), { clock: now, partSizes }))
  describe(`${name}: replicas`, () => testReplicas(open, partSizes))
  describe(`${name}: interrupted replicas`, () => testInterruptions(driver, partSizes))
  describe(`${name}: objects`, () => testObjects(open, partSizes))
  describe(`${name}: suspended processes`, () => testSuspended(open, { partSizes, replacesParts }))
  describe(`${name}: marks`, () => testMarks(open, partSizes))
}

type Open = ObjectDriver['open']

function testReplicas(open: Open, partSizes: PartSizes): void {
  const large = partSizes.firstBytes * 2 + partSizes.minBytes + 12_345
  const replicas = async () => {
    const prefix = newPrefix()
    const [a, b] = await Promise.all([open(prefix), open(prefix)])
    return [createObjectBlobStore(a, { clock, partSizes }), createObjectBlobStore(b, { clock, partSizes })] as const
  }

  it('an upload can be continued on another replica at every offset', async () => {
    const [a, b] = await replicas()
    const content = randomBytes(large)
    const { minBytes, firstBytes } = partSizes
    const ends = [1, 1000, minBytes - 1, minBytes, minBytes + 1, firstBytes + 5, firstBytes * 2, large]
    let offset = 0
    for (const [index, end] of ends.entries()) {
      const store = index % 2 === 0 ? a : b
      assert.equal(await store.stagedSizeBytes('one'), index === 0 ? undefined : offset)
      assert.equal(await store.append('one', Readable.from([content.subarray(offset, end)]), { offset }), end)
      offset = end
    }
    const location = await b.commit('one', digestOf(content))
    assert.equal(Buffer.compare(await buffer(await a.read(location)), content), 0)
    assert.deepEqual(await a.find(location), { sizeBytes: large, committedAtMs: clock.now() })
  })

  it('another replica can read the staged bytes, and the upload can still be committed or continued', async () => {
    const [a, b] = await replicas()
    const content = randomBytes(large)
    await a.append('one', Readable.from([content.subarray(0, large - 7)]), { offset: 0 })
    assert.equal(Buffer.compare(await buffer(await b.readStaged('one')), content.subarray(0, large - 7)), 0)
    await b.append('one', Readable.from([content.subarray(large - 7)]), { offset: large - 7 })
    assert.equal(Buffer.compare(await buffer(await a.readStaged('one')), content), 0)
    const location = await a.commit('one', digestOf(content))
    assert.equal(Buffer.compare(await buffer(await b.read(location)), content), 0)
    assert.deepEqual(await Array.fromAsync(b.listStaged()), [])
  })

  it('an upload is truncated within a part', async () => {
    const [a, b] = await replicas()
    const content = randomBytes(large)
    await a.append('one', Readable.from([content]), { offset: 0 })
    const offset = partSizes.firstBytes + 17
    assert.equal(await b.append('one', Readable.from([]), { offset }), offset)
    await a.append('one', Readable.from([Buffer.from('end')]), { offset })
    const expected = Buffer.concat([content.subarray(0, offset), Buffer.from('end')])
    const location = await a.commit('one', digestOf(expected))
    assert.equal(Buffer.compare(await buffer(await b.read(location)), expected), 0)
  })

  it('bytes that another replica has replaced are committed only after they are read', async () => {
    const [a, b] = await replicas()
    const [ours, others] = [randomBytes(large), randomBytes(large)]
    for (const [mine, theirs] of [
      [ours, others],
      [ours.subarray(0, 100), others.subarray(0, 100)],
    ] as const) {
      await a.append('one', Readable.from([mine]), { offset: 0 })
      await b.append('one', Readable.from([theirs]), { offset: 0 })
      await assert.rejects(a.commit('one', digestOf(mine)), StagedChangedError)
      assert.equal(Buffer.compare(await buffer(await a.readStaged('one')), theirs), 0)
      const location = await a.commit('one', digestOf(theirs))
      assert.equal(Buffer.compare(await buffer(await b.read(location)), theirs), 0)
    }
  })
}

/** Ends a replica after a number of requests. The next request fails, with or without an effect, and all later requests fail. */
function dying(objects: ObjectStore, afterRequests: number, hasEffect: boolean): ObjectStore & { used: number } {
  const state = { used: 0 }
  return new Proxy(objects, {
    get: (target, name) => {
      if (name === 'used') return state.used
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function' || name === 'list')
        return typeof value === 'function' ? value.bind(target) : value
      return async (...args: unknown[]) => {
        state.used += 1
        if (state.used > afterRequests + 1) throw new Error('this replica has ended')
        const isLast = state.used === afterRequests + 1
        if (!isLast || hasEffect) {
          const result: unknown = await (value as (...all: unknown[]) => unknown).apply(target, args)
          if (!isLast) return result
        }
        throw new Error('this replica has ended')
      }
    },
  }) as ObjectStore & { used: number }
}

function testInterruptions({ open, incomplete }: ObjectDriver, partSizes: PartSizes): void {
  const content = randomBytes(partSizes.firstBytes + partSizes.minBytes + 99)
  const digest = digestOf(content)
  const first = partSizes.firstBytes + 20
  // Large parts take long, and a driver with small parts covers every request.
  const step = partSizes.minBytes < mebibyte ? 1 : 3

  /** Uploads in two steps and commits. The first step's bytes are read, so that the second step must copy them. */
  const push = async (store: BlobStore) => {
    const offset = (await store.stagedSizeBytes('one')) ?? 0
    if (offset < first) await store.append('one', Readable.from([content.subarray(offset, first)]), { offset })
    await buffer(await store.readStaged('one'))
    const next = (await store.stagedSizeBytes('one')) ?? 0
    await store.append('one', Readable.from([content.subarray(next)]), { offset: next })
    return store.commit('one', digest)
  }

  for (const hasEffect of [false, true]) {
    const how = hasEffect ? 'after the effect of' : 'before'
    it(`if a replica ends ${how} any request, no upload is lost, and no bytes of a discarded upload remain`, async () => {
      for (let requests = 0; ; requests += step) {
        const prefix = newPrefix()
        const objects = await open(prefix)
        const ending = dying(await open(prefix), requests, hasEffect)
        const pushed = await push(createObjectBlobStore(ending, { clock, partSizes })).catch(() => undefined)
        const other = createObjectBlobStore(objects, { clock, partSizes })
        const isOver = ending.used <= requests
        if (requests % 2 === 0 && pushed === undefined) {
          const location = await push(other)
          assert.equal(Buffer.compare(await buffer(await other.read(location)), content), 0, `${requests}`)
        }
        await other.discard('one')
        await assertOnlyBlobs(objects, other, `${requests}`)
        assert.deepEqual(await incomplete(prefix), [], `${requests}`)
        if (isOver) {
          assert.ok(pushed !== undefined && requests > 8)
          break
        }
      }
    })
  }

  /** Only blobs remain, and the deletion of the listed blobs leaves no objects. */
  const assertOnlyBlobs = async (objects: ObjectStore, store: BlobStore, message: string) => {
    for await (const location of store.list()) {
      const found = await store.find(location)
      assert.equal(found?.sizeBytes, content.byteLength, message)
      await store.delete(location)
    }
    assert.deepEqual(await Array.fromAsync(objects.list('')), [], message)
  }
}

function testSuspended(
  open: Open,
  { partSizes, replacesParts }: { readonly partSizes: PartSizes; readonly replacesParts: boolean },
): void {
  it('a process that was suspended does not replace bytes that another process appended in the meantime', async () => {
    const prefix = newPrefix()
    const suspended = createObjectBlobStore(await open(prefix), { clock, partSizes })
    const other = createObjectBlobStore(await open(prefix), { clock, partSizes })
    const gone = new Error('another process has the upload')
    const requireWriter = () => Promise.reject(gone)
    await suspended.append('upload', Readable.from([Buffer.from('begun')]), { offset: 0 })
    const content = Buffer.from('begun, and continued')
    const late = async function* () {
      yield Buffer.from(', but late')
      await other.append('upload', Readable.from([content.subarray(5)]), { offset: 5 })
    }
    await assert.rejects(suspended.append('upload', Readable.from(late()), { offset: 5, requireWriter }), gone)
    await assert.rejects(suspended.append('upload', Readable.from([]), { offset: 0, requireWriter }), gone)
    assert.equal(String(await buffer(await other.readStaged('upload'))), String(content))
    const location = await other.commit('upload', digestOf(content))
    assert.equal(String(await buffer(await other.read(location))), String(content))
  })

  it('a late part from a process that was suspended never becomes part of a blob', async () => {
    const prefix = newPrefix()
    const suspended = createObjectBlobStore(await open(prefix), { clock, partSizes })
    const other = createObjectBlobStore(await open(prefix), { clock, partSizes })
    const requireWriter = () => Promise.reject(new Error('another process has the upload'))
    const { firstBytes } = partSizes
    const [first, second, late] = [randomBytes(firstBytes), randomBytes(firstBytes), randomBytes(firstBytes)]
    await suspended.append('upload', Readable.from([first]), { offset: 0 })
    const lateAppend = async function* () {
      yield late.subarray(0, 1000)
      await other.append('upload', Readable.from([second]), { offset: firstBytes })
      yield late.subarray(1000)
    }
    await assert.rejects(suspended.append('upload', Readable.from(lateAppend()), { offset: firstBytes, requireWriter }))
    const content = Buffer.concat([first, second])
    const committed = other.commit('upload', digestOf(content))
    if (replacesParts) return assert.rejects(committed, StorageUnavailableError)
    assert.equal(Buffer.compare(await buffer(await other.read(await committed)), content), 0)
  })
}

function testObjects(open: Open, partSizes: PartSizes): void {
  const put = async (store: BlobStore, content: Buffer): Promise<BlobLocation> => {
    await store.append('upload', Readable.from([content]), { offset: 0 })
    return store.commit('upload', digestOf(content))
  }

  it('a list contains an interrupted deletion, and the deletion can be completed', async () => {
    const objects = await open(newPrefix())
    const store = createObjectBlobStore(objects, { clock, partSizes })
    const location = await put(store, randomBytes(partSizes.firstBytes + 1))
    const ending = createObjectBlobStore(dying(objects, 1, false), { clock, partSizes })
    await assert.rejects(ending.delete(location))
    assert.deepEqual(await Array.fromAsync(store.list()), [location])
    assert.equal(await store.find(location), undefined)
    await store.delete(location)
    assert.deepEqual(await Array.fromAsync(objects.list('')), [])
  })

  it('if an upload is discarded after it was committed, the blob remains', async () => {
    const objects = await open(newPrefix())
    const store = createObjectBlobStore(objects, { clock, partSizes })
    const location = await put(store, randomBytes(partSizes.firstBytes + 1))
    await store.discard('upload')
    assert.equal((await store.find(location))?.sizeBytes, partSizes.firstBytes + 1)
  })

  it('a blob that is deleted while a backup reads the store remains until the backup ends', async () => {
    let blobsAreHeld = true
    const objects = await open(newPrefix())
    const store = createObjectBlobStore(objects, { clock, partSizes, blobsAreHeld: () => blobsAreHeld })
    const location = await put(store, randomBytes(100))
    await store.delete(location)
    assert.equal((await buffer(await store.read(location))).byteLength, 100)
    blobsAreHeld = false
    await store.delete(location)
    assert.equal(await store.find(location), undefined)
  })

  it('a range of a large blob includes its first and its last byte', async () => {
    const store = createObjectBlobStore(await open(newPrefix()), { clock, partSizes })
    const content = randomBytes(partSizes.firstBytes + mebibyte)
    const location = await put(store, content)
    const range = { start: partSizes.firstBytes - 3, end: partSizes.firstBytes + 3 }
    const expected = content.subarray(range.start, range.end + 1)
    assert.deepEqual(await buffer(await store.read(location, range)), expected)
  })

  it('a list contains all objects, even if there are many', async () => {
    const objects = await open(newPrefix())
    const keys = Array.from({ length: 30 }, (_, index) => `blobs/${String(index).padStart(4, '0')}`)
    await Promise.all(keys.map((key) => objects.put(key, Buffer.alloc(0), {})))
    assert.deepEqual((await Array.fromAsync(objects.list('blobs/'))).toSorted(), keys)
  })
}

function testMarks(open: Open, partSizes: PartSizes): void {
  it('a store accepts its server only while it contains the marker of the installation', async () => {
    const objects = await open(newPrefix())
    const store = createObjectBlobStore(objects, { clock, partSizes, installationId: 'one' })
    await assert.rejects(store.requireSelf(), StorageUnavailableError)
    await claimObjects(objects, 'one', async () => true)
    await store.requireSelf()
    await objects.put('installation', Buffer.from('two'), {})
    await assert.rejects(store.requireSelf(), StorageUnavailableError)
  })

  it('a store belongs to the first installation that used it', async () => {
    const objects = await open(newPrefix())
    const [isNew, isOld] = [async () => true, async () => false]
    assert.equal(await claimObjects(objects, 'one', isNew), 'ours')
    assert.equal(await claimObjects(objects, 'one', isOld), 'ours')
    assert.equal(await claimObjects(objects, 'two', isNew), 'foreign')
    const marked = await open(newPrefix())
    const before = createObjectBlobStore(marked, { clock, partSizes })
    await before.append('upload', Readable.from([Buffer.from('x')]), { offset: 0 })
    await before.commit('upload', digestOf(Buffer.from('x')))
    assert.equal(await claimObjects(marked, 'one', isNew), 'lost')
  })

  it('an empty store is not marked for an installation that already has blobs', async () => {
    const objects = await open(newPrefix())
    assert.equal(await claimObjects(objects, 'one', async () => false), 'empty')
    assert.deepEqual(await Array.fromAsync(objects.list('')), [])
  })
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
