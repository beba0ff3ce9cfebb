import { Readable, type Writable } from 'node:stream'
import { type Clock, systemClock } from '../../platform/process/clock.ts'
import { BlobMissingError, TooManyBytesError } from '../contract/errors.ts'
import { gatherPieces } from '../transfer/gather-pieces.ts'
import { newLocation } from '../contract/location.ts'
import { Output } from '../transfer/output.ts'
import type {
  AppendOptions,
  BlobLocation,
  BlobStore,
  ByteRange,
  OpenBlob,
  StagedUpload,
  StoredBlob,
} from '../contract/model.ts'

/** Creates a store of blobs in memory, for tests. */
export function createMemoryBlobStore({ clock = systemClock }: { readonly clock?: Clock } = {}): BlobStore {
  return new MemoryBlobStore(clock)
}

type Kept = { readonly bytes: Buffer; readonly atMs: number }

class MemoryBlobStore implements BlobStore {
  #clock: Clock
  #staged = new Map<string, Kept>()
  #blobs = new Map<BlobLocation, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async append(uploadId: string, source: Readable, options: AppendOptions): Promise<number> {
    const { offset, observe, sizeLimitBytes = Infinity } = options
    const before = this.#stagedBytes(uploadId)
    if (before.length < offset) throw new Error('a staged upload is shorter than expected')
    const start = before.subarray(0, offset)
    const parts: Uint8Array[] = [start]
    let sizeBytes = offset
    try {
      for await (const piece of gatherPieces(source, options.ownsChunks ?? false)) {
        await options.pace?.(piece.byteLength)
        sizeBytes += piece.byteLength
        if (sizeBytes > sizeLimitBytes) {
          parts.length = 1
          throw new TooManyBytesError(`the upload has more than ${sizeLimitBytes} bytes`)
        }
        observe?.(piece)
        parts.push(Buffer.from(piece))
      }
    } finally {
      if (parts.length > 1 || this.#staged.has(uploadId)) {
        this.#staged.set(uploadId, { bytes: Buffer.concat(parts), atMs: this.#clock.now() })
      }
    }
    return sizeBytes
  }

  async readStaged(uploadId: string): Promise<Readable> {
    return Readable.from([this.#stagedBytes(uploadId)])
  }

  async stagedSizeBytes(uploadId: string): Promise<number | undefined> {
    return this.#staged.get(uploadId)?.bytes.length
  }

  async commit(uploadId: string, digest: string): Promise<BlobLocation> {
    const location = newLocation(digest, uploadId)
    this.#blobs.set(location, { bytes: this.#stagedBytes(uploadId), atMs: this.#clock.now() })
    this.#staged.delete(uploadId)
    return location
  }

  async putAt(location: BlobLocation, source: Readable): Promise<void> {
    const pieces: Uint8Array[] = []
    for await (const piece of gatherPieces(source, false)) pieces.push(Buffer.from(piece))
    this.#blobs.set(location, { bytes: Buffer.concat(pieces), atMs: this.#clock.now() })
  }

  async discard(uploadId: string): Promise<void> {
    this.#staged.delete(uploadId)
  }

  async read(location: BlobLocation, range?: ByteRange): Promise<Readable> {
    return Readable.from([this.#part(location, range)])
  }

  async open(location: BlobLocation, range?: ByteRange): Promise<OpenBlob> {
    const bytes = this.#part(location, range)
    const whole = this.#part(location)
    return {
      stored: { sizeBytes: whole.length, committedAtMs: this.#blobs.get(location)?.atMs ?? 0 },
      sendTo: async (destination: Writable) => {
        const output = new Output(destination)
        await output.write(bytes).finally(() => output.release())
      },
      close: () => Promise.resolve(),
    }
  }

  async requireSelf(): Promise<void> {}

  async find(location: BlobLocation): Promise<StoredBlob | undefined> {
    const kept = this.#blobs.get(location)
    return kept === undefined ? undefined : { sizeBytes: kept.bytes.length, committedAtMs: kept.atMs }
  }

  async delete(location: BlobLocation): Promise<void> {
    this.#blobs.delete(location)
  }

  async *list(): AsyncGenerator<BlobLocation> {
    yield* this.#blobs.keys()
  }

  async *listStaged(): AsyncGenerator<StagedUpload> {
    for (const [uploadId, { atMs, bytes }] of this.#staged)
      yield { uploadId, changedAtMs: atMs, sizeBytes: bytes.length }
  }

  #stagedBytes(uploadId: string): Buffer {
    return this.#staged.get(uploadId)?.bytes ?? Buffer.alloc(0)
  }

  #part(location: BlobLocation, range?: ByteRange): Buffer {
    const kept = this.#blobs.get(location)
    if (kept === undefined) throw new BlobMissingError(`there is no blob at ${location}`)
    return range === undefined ? kept.bytes : kept.bytes.subarray(range.start, range.end + 1)
  }
}
