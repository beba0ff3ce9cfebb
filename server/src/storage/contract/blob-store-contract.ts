import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../platform/process/clock.ts'
import { BlobMissingError, BrokenSourceError, TooManyBytesError } from './errors.ts'
import { locationAt, locationDigest, locationMark, uploadMark } from './location.ts'
import type { BlobLocation, BlobStore } from './model.ts'

/** The contract suite of {@link BlobStore} for all drivers. `open` returns an empty store with `clock`. */
export function testBlobStore(name: string, open: (clock: Clock) => Promise<BlobStore>): void {
  describe(`${name}: staged uploads`, () => testStaging(open))
  describe(`${name}: failed and discarded uploads`, () => testFailures(open))
  describe(`${name}: blobs`, () => testBlobs(open))
  describe(`${name}: copies`, () => testCopies(open))
  describe(`${name}: sending`, () => testSending(open))
}

type Open = (clock: Clock) => Promise<BlobStore>

const clock: Clock = { now: () => 1_700_000_000_000 }

function testStaging(open: Open): void {
  it('an upload exists from its first byte on and continues at its end', async () => {
    const store = await open(clock)
    assert.equal(await store.stagedSizeBytes('one'), undefined)
    assert.equal(await store.append('one', Readable.from([]), { offset: 0 }), 0)
    assert.equal(await store.append('one', Readable.from([Buffer.from('hel'), Buffer.from('lo')]), { offset: 0 }), 5)
    assert.equal(await store.append('one', Readable.from([Buffer.from(', you')]), { offset: 5 }), 10)
    assert.equal(await store.stagedSizeBytes('one'), 10)
    assert.equal(await stagedText(store, 'one'), 'hello, you')
  })

  it('an append truncates the bytes after its offset, even if it appends nothing', async () => {
    const store = await open(clock)
    await store.append('one', Readable.from([Buffer.from('0123456789')]), { offset: 0 })
    assert.equal(await store.append('one', Readable.from([Buffer.from('ab')]), { offset: 4 }), 6)
    assert.equal(await stagedText(store, 'one'), '0123ab')
    assert.equal(await store.append('one', Readable.from([]), { offset: 2 }), 2)
    assert.equal(await stagedText(store, 'one'), '01')
  })

  it('an append after the end fails, because it would leave a hole', async () => {
    const store = await open(clock)
    await store.append('one', Readable.from([Buffer.from('01')]), { offset: 0 })
    await assert.rejects(store.append('one', Readable.from([Buffer.from('x')]), { offset: 3 }))
    assert.equal(await stagedText(store, 'one'), '01')
  })

  it('the observer sees every byte once and in order, however small the chunks', async () => {
    const store = await open(clock)
    const content = randomBytes(1_200_000)
    const seen: Uint8Array[] = []
    const options = { offset: 0, observe: (piece: Uint8Array) => void seen.push(Buffer.from(piece)) }
    await store.append(
      'one',
      Readable.from([...inChunks(content.subarray(0, 3_000), 1), content.subarray(3_000)]),
      options,
    )
    assert.deepEqual(Buffer.concat(seen), content)
    assert.deepEqual(await buffer(await store.readStaged('one')), content)
  })

  it('a source is paused while a piece of it is paced, and no byte is observed before', async () => {
    const store = await open(clock)
    const content = randomBytes(2_000_000)
    const source = new PassThrough({ highWaterMark: 16 * 1024 })
    source.end(content)
    let pacedBytes = 0
    let seenBytes = 0
    const pace = async (bytes: number) => {
      pacedBytes += bytes
      assert.equal(seenBytes + bytes, pacedBytes)
      for (let turn = 0; turn < 10; turn += 1) await nextTurn()
      if (seenBytes === 0) assert.ok(source.isPaused())
    }
    const observe = (piece: Uint8Array) => void (seenBytes += piece.byteLength)
    await store.append('one', source, { offset: 0, observe, pace })
    assert.equal(seenBytes, content.length)
    assert.equal(pacedBytes, content.length)
    assert.deepEqual(await buffer(await store.readStaged('one')), content)
  })

  it('the memory of owned chunks is freed, and that of all others is not', async () => {
    const store = await open(clock)
    const own = new Uint8Array(randomBytes(700_000))
    const part = new Uint8Array(randomBytes(1000)).subarray(10, 500)
    const whole = Buffer.concat([own, part])
    await store.append('one', Readable.from([own, part]), { offset: 0, ownsChunks: true })
    assert.deepEqual(await buffer(await store.readStaged('one')), whole)
    assert.deepEqual([own.byteLength, part.byteLength], [0, 490])
    const kept = new Uint8Array(randomBytes(700_000))
    await store.append('two', Readable.from([kept]), { offset: 0 })
    assert.equal(kept.byteLength, 700_000)
  })
}

function testFailures(open: Open): void {
  it('more bytes than the limit are rejected, and the earlier bytes stay', async () => {
    const store = await open(clock)
    await store.append('one', Readable.from([Buffer.from('0123')]), { offset: 0 })
    const tooMuch = store.append('one', Readable.from(inChunks(randomBytes(3_000_000), 65_536)), {
      offset: 4,
      sizeLimitBytes: 2_000_000,
    })
    await assert.rejects(tooMuch, TooManyBytesError)
    assert.equal(await stagedText(store, 'one'), '0123')
    assert.equal(await store.append('one', Readable.from([Buffer.from('4')]), { offset: 4, sizeLimitBytes: 5 }), 5)
  })

  it('a source that fails leaves all bytes that it delivered', async () => {
    const store = await open(clock)
    const source = new PassThrough()
    source.write('half of')
    const append = store.append('one', source, { offset: 0 })
    await nextTurn()
    source.destroy(new Error('gone'))
    await assert.rejects(append, (error: Error) => {
      return error instanceof BrokenSourceError && error.cause instanceof Error && error.cause.message === 'gone'
    })
    assert.equal(await stagedText(store, 'one'), 'half of')
  })

  it('a source that is closed before its first byte fails too', async () => {
    const store = await open(clock)
    const source = new PassThrough()
    source.destroy()
    await assert.rejects(store.append('one', source, { offset: 0 }), BrokenSourceError)
  })

  it('a discarded upload is gone, and discarding a missing one is not an error', async () => {
    const store = await open(clock)
    await store.append('one', Readable.from([Buffer.from('x')]), { offset: 0 })
    await store.discard('one')
    await store.discard('one')
    assert.equal(await store.stagedSizeBytes('one'), undefined)
    assert.equal(await stagedText(store, 'one'), '')
  })

  it('staged uploads are listed with their size and the time of their last byte', async () => {
    const store = await open(clock)
    await store.append('one', Readable.from([Buffer.from('x')]), { offset: 0 })
    await store.append('two', Readable.from([Buffer.from('y')]), { offset: 0 })
    const listed = await Array.fromAsync(store.listStaged())
    assert.deepEqual(
      listed.toSorted((a, b) => a.uploadId.localeCompare(b.uploadId)),
      [
        { uploadId: 'one', changedAtMs: clock.now(), sizeBytes: 1 },
        { uploadId: 'two', changedAtMs: clock.now(), sizeBytes: 1 },
      ],
    )
  })
}

function testBlobs(open: Open): void {
  it('a commit creates a blob at a location that begins with its digest', async () => {
    const store = await open(clock)
    const content = randomBytes(100_000)
    const location = await put(store, content)
    assert.equal(locationDigest(location), digestOf(content))
    assert.deepEqual(await buffer(await store.read(location)), content)
    assert.deepEqual(await store.find(location), { sizeBytes: 100_000, committedAtMs: clock.now() })
    assert.equal(await store.stagedSizeBytes('upload'), undefined)
  })

  it('a digest can be sha512', async () => {
    const store = await open(clock)
    const content = Buffer.from('sixty-four bytes of digest')
    const location = await put(store, content, 'sha512')
    assert.match(location, /^sha512:[0-9a-f]{128}\./)
    assert.deepEqual(await buffer(await store.read(location)), content)
  })

  it('a commit of nothing is an empty blob', async () => {
    const store = await open(clock)
    const location = await store.commit('upload', digestOf(Buffer.alloc(0)))
    assert.equal((await buffer(await store.read(location))).length, 0)
    assert.equal((await store.find(location))?.sizeBytes, 0)
  })

  it('every location has the mark of its upload', async () => {
    const store = await open(clock)
    for (const sizeBytes of [0, 1, 700_001]) {
      const location = await put(store, randomBytes(sizeBytes))
      assert.equal(locationMark(location), uploadMark('upload'))
      assert.notEqual(locationMark(location), uploadMark('another upload'))
    }
  })

  it('the same bytes committed twice have two locations, so that deleting one leaves the other', async () => {
    const store = await open(clock)
    const first = await put(store, Buffer.from('same'))
    const second = await put(store, Buffer.from('same'))
    assert.notEqual(first, second)
    await store.delete(first)
    await store.delete(first)
    assert.equal(await store.find(first), undefined)
    assert.equal(String(await buffer(await store.read(second))), 'same')
  })

  it('a range includes both its ends', async () => {
    const store = await open(clock)
    const location = await put(store, Buffer.from('0123456789'))
    assert.equal(String(await buffer(await store.read(location, { start: 2, end: 4 }))), '234')
    assert.equal(String(await buffer(await store.read(location, { start: 9, end: 9 }))), '9')
  })

  it('reading or opening a missing blob fails', async () => {
    const store = await open(clock)
    const location = await put(store, Buffer.from('x'))
    await store.delete(location)
    await assert.rejects(store.read(location), BlobMissingError)
    await assert.rejects(store.open(location), BlobMissingError)
  })

  it('every blob is listed', async () => {
    const store = await open(clock)
    assert.deepEqual(await Array.fromAsync(store.list()), [])
    const locations = [await put(store, Buffer.from('a')), await put(store, Buffer.from('b'), 'sha512')]
    assert.deepEqual((await Array.fromAsync(store.list())).toSorted(), locations.toSorted())
  })
}

function testCopies(open: Open): void {
  for (const [unique, why] of [
    ['0123456789abcdef01234567', 'of a file'],
    ['f123456789abcdef01234567', 'that begins like that of an object in parts'],
  ]) {
    for (const sizeBytes of [0, 1, 300_000, 700_001]) {
      it(`a blob of ${sizeBytes} bytes is stored at the location that it has elsewhere, ${why}`, async () => {
        const store = await open(clock)
        const content = randomBytes(sizeBytes)
        const location = locationAt(digestOf(content), unique ?? '')
        await store.putAt(location, Readable.from(inChunks(content, 65_536)))
        assert.equal(Buffer.compare(await buffer(await store.read(location)), content), 0)
        assert.equal((await store.find(location))?.sizeBytes, sizeBytes)
        assert.deepEqual(await Array.fromAsync(store.list()), [location])
        assert.deepEqual(await Array.fromAsync(store.listStaged()), [])
        await store.delete(location)
        assert.equal(await store.find(location), undefined)
        assert.deepEqual(await Array.fromAsync(store.list()), [])
      })
    }
  }

  it('nothing is stored if the source of a copy fails, and the copy can be repeated', async () => {
    const store = await open(clock)
    const content = randomBytes(400_000)
    const location = locationAt(digestOf(content), 'f123456789abcdef01234567')
    const failing = async function* () {
      yield content.subarray(0, 390_000)
      throw new Error('gone')
    }
    await assert.rejects(store.putAt(location, Readable.from(failing())), BrokenSourceError)
    assert.equal(await store.find(location), undefined)
    assert.deepEqual(await Array.fromAsync(store.list()), [])
    assert.deepEqual(await Array.fromAsync(store.listStaged()), [])
    await store.putAt(location, Readable.from([content]))
    assert.equal(Buffer.compare(await buffer(await store.read(location)), content), 0)
  })
}

function testSending(open: Open): void {
  for (const sizeBytes of [0, 1, 262_143, 262_144, 262_145, 524_288, 1_500_001]) {
    it(`${sizeBytes} bytes arrive whole at a slow destination, which is not ended`, async () => {
      const store = await open(clock)
      const content = randomBytes(sizeBytes)
      const destination = new SlowDestination()
      await (await store.open(await put(store, content))).sendTo(destination)
      assert.equal(destination.writableEnded, false)
      assert.equal(Buffer.compare(Buffer.concat(destination.pieces), content), 0)
    })
  }

  it('a sent range includes both its ends', async () => {
    const store = await open(clock)
    const content = randomBytes(1_000_000)
    const location = await put(store, content)
    const destination = new SlowDestination()
    await (await store.open(location, { start: 300_000, end: 900_000 })).sendTo(destination)
    assert.equal(Buffer.compare(Buffer.concat(destination.pieces), content.subarray(300_000, 900_001)), 0)
  })

  it('a deletion does not affect an open blob', async () => {
    const store = await open(clock)
    const content = randomBytes(700_000)
    const location = await put(store, content)
    const opened = await store.open(location)
    await store.delete(location)
    const destination = new SlowDestination()
    await opened.sendTo(destination)
    assert.equal(Buffer.compare(Buffer.concat(destination.pieces), content), 0)
  })

  it('a destination that closes ends the sending', async () => {
    const store = await open(clock)
    const opened = await store.open(await put(store, randomBytes(2_000_000)))
    const destination = new Writable({ write: () => destination.destroy() })
    await assert.rejects(opened.sendTo(destination), /destination closed/)
  })

  it('an open blob can be closed unsent', async () => {
    const store = await open(clock)
    await (await store.open(await put(store, Buffer.from('x')))).close()
  })
}

/** Copies each piece after a delay, so that memory that is reused too early is detected. */
class SlowDestination extends Writable {
  readonly pieces: Buffer[] = []
  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    setTimeout(() => {
      this.pieces.push(Buffer.from(piece))
      done()
    }, 2)
  }
}

async function put(store: BlobStore, content: Buffer, algorithm = 'sha256'): Promise<BlobLocation> {
  await store.append('upload', Readable.from(inChunks(content, 65_536)), { offset: 0 })
  return store.commit('upload', digestOf(content, algorithm))
}

async function stagedText(store: BlobStore, uploadId: string): Promise<string> {
  return String(await buffer(await store.readStaged(uploadId)))
}

function digestOf(content: Buffer, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
}

function inChunks(content: Buffer, sizeBytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(content.length / sizeBytes) }, (_, index) =>
    content.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  )
}
