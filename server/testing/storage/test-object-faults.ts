import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, beforeEach, describe, it } from 'node:test'
import { outageOf } from '../../src/platform/process/outage.ts'
import type { BlobLocation, BlobStore } from '../../src/storage/contract/model.ts'
import { createObjectBlobStore } from '../../src/storage/objects/object-blob-store.ts'
import type { ObjectStore } from '../../src/storage/objects/object-store.ts'
import { defaultPartSizes } from '../../src/storage/objects/part-writer.ts'
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from './test-fault-proxy.ts'
import { newPrefix } from './test-object-blob-store.ts'

/** A driver that is tested behind a proxy, and the purposes of its requests. */
export type FaultyDriver = {
  readonly name: string
  /** The address of the object server. */
  readonly target: () => string
  readonly open: (endpoint: string, prefix: string, timeoutMs: number) => Promise<ObjectStore>
  /** The statuses of throttling or failing servers. */
  readonly repeated: readonly number[]
  readonly isCommit: (request: ProxiedRequest) => boolean
  readonly isPart: (request: ProxiedRequest) => boolean
  readonly isList: (request: ProxiedRequest) => boolean
}

/** The time is long enough for repeated requests on a busy machine. */
const timeoutMs = 60_000
const none: Fault = { kind: 'none' }
const content = randomBytes(defaultPartSizes.firstBytes + 1_000_000)
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`

/** Tests the behaviour of a driver when its server or the network fails. */
export function testObjectFaults(driver: FaultyDriver): void {
  describe(`${driver.name}: slow and throttling stores`, () => testSlowness(useScene(driver)))
  describe(`${driver.name}: responses that are cut`, () => testCutResponses(useScene(driver)))
  describe(`${driver.name}: lost responses`, () => testCommits(useScene(driver)))
  describe(`${driver.name}: lists that lag`, () => testLists(useScene(driver)))
}

/** A store behind a proxy. Each test uses a new store. */
class Scene {
  readonly driver: FaultyDriver
  declare proxy: FaultProxy
  declare objects: ObjectStore
  declare store: BlobStore
  /** The test's store with a time limit of only one second. */
  declare impatient: BlobStore

  constructor(driver: FaultyDriver) {
    this.driver = driver
  }

  stage(bytes: Buffer = content, offset = 0): Promise<number> {
    return this.store.append('one', Readable.from([bytes]), { offset })
  }

  async push(): Promise<BlobLocation> {
    await this.stage()
    return this.store.commit('one', digest)
  }

  async assertWhole(location: BlobLocation): Promise<void> {
    assert.equal(Buffer.compare(await buffer(await this.store.read(location)), content), 0)
  }

  /** The fault for the first `count` matching requests. */
  firstOf(count: number, fault: Fault, matches: (request: ProxiedRequest) => boolean = () => true): void {
    let left = count
    this.proxy.decide = (request) => {
      if (left === 0 || !matches(request)) return none
      left -= 1
      return fault
    }
  }
}

function useScene(driver: FaultyDriver): Scene {
  const scene = new Scene(driver)
  before(async () => {
    scene.proxy = await startFaultProxy(driver.target())
  })
  beforeEach(async () => {
    scene.proxy.decide = () => none
    const prefix = newPrefix()
    scene.objects = await driver.open(scene.proxy.endpoint, prefix, timeoutMs)
    scene.impatient = createObjectBlobStore(await driver.open(scene.proxy.endpoint, prefix, 1000))
    scene.store = createObjectBlobStore(scene.objects)
  })
  after(() => scene.proxy.stop())
  return scene
}

function assertUnavailable(work: Promise<unknown>): Promise<void> {
  return assert.rejects(work, (error) => outageOf(error)?.kind === 'storage-unavailable')
}

function testSlowness(scene: Scene): void {
  it('the driver waits for a slow store', async () => {
    scene.proxy.decide = () => ({ kind: 'slow', delayMs: 100 })
    await scene.assertWhole(await scene.push())
  })

  it('the driver reports a store that does not answer, and earlier bytes remain', async () => {
    await scene.stage()
    scene.proxy.decide = () => ({ kind: 'silent' })
    const more = Readable.from([Buffer.from('more')])
    await assertUnavailable(scene.impatient.append('one', more, { offset: content.byteLength }))
    await assertUnavailable(scene.impatient.commit('one', digest))
    scene.proxy.decide = () => none
    assert.equal(await scene.store.stagedSizeBytes('one'), content.byteLength)
    await scene.assertWhole(await scene.store.commit('one', digest))
  })

  for (const status of scene.driver.repeated) {
    it(`the driver repeats a request that is answered with ${status}`, async () => {
      scene.firstOf(2, { kind: 'status', status })
      const location = await scene.push()
      scene.firstOf(2, { kind: 'status', status })
      await scene.assertWhole(location)
    })
  }

  it('the driver reports a store that throttles every request, and no data is lost', async () => {
    const location = await scene.push()
    await scene.stage()
    scene.proxy.decide = () => ({ kind: 'status', status: 503 })
    await assertUnavailable(scene.store.open(location))
    await assertUnavailable(scene.store.find(location))
    await assertUnavailable(scene.store.commit('one', digest))
    await assertUnavailable(scene.store.discard('one'))
    scene.proxy.decide = () => none
    await scene.assertWhole(location)
    await scene.assertWhole(await scene.store.commit('one', digest))
  })
}

function testCutResponses(scene: Scene): void {
  it('the driver continues an interrupted response at the byte where it ended', async () => {
    const location = await scene.push()
    for (const bytes of [0, 1, 100_000, 3_000_000]) {
      scene.firstOf(2, { kind: 'cut', bytes }, ({ method }) => method === 'GET')
      await scene.assertWhole(location)
    }
  })

  it('the driver continues a response that is shorter than the range', async () => {
    const location = await scene.push()
    scene.firstOf(1, { kind: 'short', bytes: 1000 }, ({ method }) => method === 'GET')
    const range = { start: 10, end: 5_000_000 }
    const read = await buffer(await scene.store.read(location, range))
    assert.equal(Buffer.compare(read, content.subarray(range.start, range.end + 1)), 0)
  })

  it('if a response has a wrong length, the driver returns a wrong size, which the reader compares with the row', async () => {
    const location = await scene.push()
    scene.firstOf(1, { kind: 'short', bytes: 1000 }, ({ method }) => method === 'GET')
    const opened = await scene.store.open(location)
    assert.equal(opened.stored.sizeBytes, 1000)
    await opened.close()
  })

  it('if every response is interrupted, the read fails and does not seem complete', async () => {
    const location = await scene.push()
    scene.proxy.decide = ({ method }) => (method === 'GET' ? { kind: 'cut', bytes: 0 } : none)
    await assertUnavailable((async () => buffer(await scene.store.read(location)))())
  })
}

function testCommits(scene: Scene): void {
  it('the driver sends a part again if the request fails or the response is lost', async () => {
    for (const kind of ['lost-reply', 'cut'] as const) {
      scene.firstOf(1, kind === 'cut' ? { kind, bytes: 0 } : { kind }, scene.driver.isPart)
      await scene.assertWhole(await scene.push())
    }
  })

  it('a commit succeeds if its response is lost', async () => {
    scene.firstOf(1, { kind: 'lost-reply' }, scene.driver.isCommit)
    await scene.assertWhole(await scene.push())
  })

  it('a commit with an unknown outcome can be repeated later, also by another replica', async () => {
    await scene.stage()
    let isCut = false
    scene.proxy.decide = (request) => {
      if (!isCut && scene.driver.isCommit(request)) {
        isCut = true
        return { kind: 'lost-reply' }
      }
      return isCut ? { kind: 'status', status: 503 } : none
    }
    await assertUnavailable(scene.store.commit('one', digest))
    scene.proxy.decide = () => none
    assert.ok(isCut)
    assert.equal(await scene.store.stagedSizeBytes('one'), content.byteLength)
    const other = createObjectBlobStore(scene.objects)
    assert.equal(Buffer.compare(await buffer(await other.readStaged('one')), content), 0)
    await scene.assertWhole(await other.commit('one', digest))
    assert.deepEqual(await Array.fromAsync(scene.objects.list('uploads/')), [])
  })

  it('if the record of a commit is not found once, the commit stores nothing and can be repeated', async () => {
    for (const bytes of [content, content.subarray(0, 1000)]) {
      await scene.stage(bytes)
      const digestOfBytes = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      scene.firstOf(
        1,
        { kind: 'status', status: 404 },
        ({ method, url }) => method === 'GET' && url.includes('uploads'),
      )
      await assertUnavailable(scene.store.commit('one', digestOfBytes))
      assert.deepEqual(await Array.fromAsync(scene.objects.list('blobs/')), [])
      const location = await scene.store.commit('one', digestOfBytes)
      assert.equal((await scene.store.find(location))?.sizeBytes, bytes.byteLength)
      await scene.store.delete(location)
    }
  })

  it('if a commit could not delete its record, a later discard keeps the blob, even if an object is not found once', async () => {
    for (const key of ['blobs', 'parts']) {
      await scene.stage()
      scene.proxy.decide = ({ method }) => (method === 'DELETE' ? { kind: 'status', status: 403 } : none)
      const location = await scene.store.commit('one', digest)
      assert.equal(await scene.store.stagedSizeBytes('one'), content.byteLength)
      const isHead = ({ method, url }: ProxiedRequest) => method === 'HEAD' && url.includes(key)
      scene.firstOf(1, { kind: 'status', status: 404 }, isHead)
      await scene.store.discard('one')
      await scene.assertWhole(location)
      await scene.store.delete(location)
    }
  })

  it('if the outcome of a commit is unknown, discarding the upload leaves no object', async () => {
    await scene.stage()
    scene.proxy.decide = (request) => (scene.driver.isCommit(request) ? { kind: 'lost-reply' } : none)
    await scene.store.commit('one', digest).catch(() => undefined)
    scene.proxy.decide = () => none
    await scene.store.discard('one')
    for await (const location of scene.store.list()) await scene.store.delete(location)
    assert.deepEqual(await Array.fromAsync(scene.objects.list('')), [])
  })
}

function testLists(scene: Scene): void {
  it('a delayed list still contains a deleted blob, which cannot be found, and does not yet contain a new blob', async () => {
    const first = await scene.push()
    assert.deepEqual(await Array.fromAsync(scene.store.list()), [first])
    scene.proxy.decide = (request) => (scene.driver.isList(request) ? { kind: 'stale' } : none)
    const second = await scene.push()
    await scene.store.delete(first)
    assert.deepEqual(await Array.fromAsync(scene.store.list()), [first])
    assert.equal(await scene.store.find(first), undefined)
    await scene.store.delete(first)
    await scene.assertWhole(second)
    scene.proxy.decide = () => none
    assert.deepEqual(await Array.fromAsync(scene.store.list()), [second])
  })

  it('a discard never deletes a committed blob, even if a list is delayed', async () => {
    await scene.stage()
    await scene.store.discard('unknown')
    const isList = ({ url, method }: ProxiedRequest) => method === 'GET' && /comp=list|[?&]uploads|list-type/.test(url)
    scene.proxy.decide = (request) => (isList(request) ? { kind: 'stale' } : none)
    const location = await scene.store.commit('one', digest)
    await scene.store.discard('one')
    await scene.assertWhole(location)
  })
}
