import { Readable, type Writable } from 'node:stream'
import { type Clock, systemClock } from '../../platform/process/clock.ts'
import { createHash } from 'node:crypto'
import { BlobMissingError, StorageUnavailableError } from '../contract/errors.ts'
import { locationAt, locationUnique, newLocation, parseLocation, relativeFile } from '../contract/location.ts'
import type {
  AppendOptions,
  BlobLocation,
  BlobStore,
  ByteRange,
  OpenBlob,
  StagedUpload,
  StoredBlob,
} from '../contract/model.ts'
import { gatherPieces } from '../transfer/gather-pieces.ts'
import { Output } from '../transfer/output.ts'
import { requireClaim } from './claim-objects.ts'
import type { ObjectStore } from './object-store.ts'
import { ObjectStaging } from './object-staging.ts'
import { completeParts, defaultPartSizes, type PartSizes, PartWriter, partsKey } from './part-writer.ts'
import { beginRead, type ObjectRead } from './read-object.ts'
import { newRecord, type UploadRecord } from './upload-record.ts'

export type ObjectBlobStoreOptions = {
  /** The clock for the times of blobs and staged uploads. */
  readonly clock?: Clock
  readonly partSizes?: PartSizes
  /** Whether a backup reads the blobs: a deleted blob then stays, and is found like every blob without a row. */
  readonly blobsAreHeld?: () => boolean
  /** The mark of the store, by `claimObjects`. Default: none, and the store is not verified. */
  readonly installationId?: string
}

/**
 * Creates a store of blobs in an object store. A small blob is one object, `blobs/sha256/ab/abcd….unique`. A large one
 * is uploaded in parts to `parts/unique` before its digest is known, and is not copied: an empty object with its name,
 * `blobs/sha256/ab/abcd….unique`, makes it a blob.
 */
export function createObjectBlobStore(
  objects: ObjectStore,
  {
    clock = systemClock,
    partSizes = defaultPartSizes,
    blobsAreHeld = () => false,
    installationId,
  }: ObjectBlobStoreOptions = {},
): BlobStore {
  return new ObjectBlobStore(objects, { clock, partSizes, blobsAreHeld, installationId })
}

type Options = Required<Omit<ObjectBlobStoreOptions, 'installationId'>> & {
  readonly installationId: string | undefined
}

const namePrefix = 'blobs/'

class ObjectBlobStore implements BlobStore {
  #objects: ObjectStore
  #clock: Clock
  #blobsAreHeld: () => boolean
  #staging: ObjectStaging
  #partSizes: PartSizes
  #installationId: string | undefined

  constructor(objects: ObjectStore, { clock, partSizes, blobsAreHeld, installationId }: Options) {
    this.#installationId = installationId
    this.#objects = objects
    this.#clock = clock
    this.#partSizes = partSizes
    this.#blobsAreHeld = blobsAreHeld
    this.#staging = new ObjectStaging(objects, clock, partSizes)
  }

  append(uploadId: string, source: Readable, options: AppendOptions): Promise<number> {
    return this.#staging.append(uploadId, source, options)
  }

  readStaged(uploadId: string): Promise<Readable> {
    return this.#staging.read(uploadId)
  }

  stagedSizeBytes(uploadId: string): Promise<number | undefined> {
    return this.#staging.sizeBytes(uploadId)
  }

  listStaged(): AsyncIterable<StagedUpload> {
    return this.#staging.list()
  }

  async commit(uploadId: string, digest: string): Promise<BlobLocation> {
    const record = await this.#staging.recordToCommit(uploadId)
    if (record === undefined && !isDigestOfNothing(digest)) {
      throw new StorageUnavailableError('the record of a staged upload was not found')
    }
    const location =
      record === undefined || record.parts.length === 0
        ? await this.#commitWhole(newLocation(digest, uploadId), record?.tail ?? Buffer.alloc(0))
        : await this.#commitParts(uploadId, record, digest)
    // The blob is complete. What remains of the upload is discarded when its row is found to be missing.
    if (record !== undefined) await this.#staging.forget(uploadId, record).catch(() => undefined)
    return location
  }

  /** The key is known before the first byte, so the parts become the object at that key. The name of a blob in `parts` is written last. */
  async putAt(location: BlobLocation, source: Readable): Promise<void> {
    const key = dataKey(location)
    const writer = new PartWriter(this.#objects, newRecord(location), this.#partSizes, key)
    try {
      for await (const piece of gatherPieces(source, false)) await writer.write(piece)
      const { parts, tail } = await writer.finish()
      if (parts.length === 0) await this.#objects.put(key, tail, this.#metadata())
      else await completeParts(this.#objects, key, await writer.seal())
    } catch (error) {
      await writer.abandon()
      throw error
    }
    if (isInParts(location)) await this.#objects.put(nameKey(location), Buffer.alloc(0), this.#metadata())
  }

  /**
   * Deletes a staged upload. A commit may have completed before this process lost the response to it, and the blob may have been
   * acknowledged: its bytes stay, with a name, and are found like every blob without a row. To delete them, this process would
   * have to trust the store that there is no name.
   */
  async discard(uploadId: string): Promise<void> {
    const record = await this.#staging.record(uploadId)
    if (record?.isSealed === true) {
      if (record.digest === undefined) await this.#objects.delete(partsKey(record.unique))
      else await this.#nameBytes(locationAt(record.digest, record.unique))
    }
    await this.#staging.forget(uploadId, record)
  }

  async #nameBytes(location: BlobLocation): Promise<void> {
    const [bytes, name] = await Promise.all(
      [dataKey(location), nameKey(location)].map((key) => this.#objects.head(key)),
    )
    if (bytes !== undefined && name === undefined) {
      await this.#objects.put(nameKey(location), Buffer.alloc(0), this.#metadata())
    }
  }

  async read(location: BlobLocation, range?: ByteRange): Promise<Readable> {
    const read = await this.#begin(location, range)
    return Readable.from(read.chunks, { objectMode: false }).once('close', read.cancel)
  }

  async open(location: BlobLocation, range?: ByteRange): Promise<OpenBlob> {
    const read = await this.#begin(location, range)
    return {
      // An object in parts has no time of its commit, and nothing changes it after that.
      stored: { sizeBytes: read.sizeBytes, committedAtMs: isInParts(location) ? 0 : committedAt(read) },
      sendTo: (destination) => send(read, destination),
      close: async () => read.cancel(),
    }
  }

  async requireSelf(): Promise<void> {
    if (this.#installationId !== undefined) await requireClaim(this.#objects, this.#installationId)
  }

  async find(location: BlobLocation): Promise<StoredBlob | undefined> {
    const isParts = isInParts(location)
    const [bytes, name] = await Promise.all([
      this.#objects.head(dataKey(location)),
      isParts ? this.#objects.head(nameKey(location)) : undefined,
    ])
    if (bytes === undefined) return undefined
    if (!isParts) return { sizeBytes: bytes.sizeBytes, committedAtMs: committedAt(bytes) }
    return { sizeBytes: bytes.sizeBytes, committedAtMs: name === undefined ? 0 : committedAt(name) }
  }

  /** Deletes the bytes first: the name is listed until both are gone. */
  async delete(location: BlobLocation): Promise<void> {
    if (this.#blobsAreHeld()) return
    await this.#objects.delete(dataKey(location))
    if (isInParts(location)) await this.#objects.delete(nameKey(location))
  }

  async *list(): AsyncGenerator<BlobLocation> {
    for await (const key of this.#objects.list(namePrefix)) {
      const [, algorithm = '', , name = ''] = key.split('/')
      const location = parseLocation(`${algorithm}:${name}`)
      if (location !== undefined) yield location
    }
  }

  async signedUrl(location: BlobLocation, { seconds }: { readonly seconds: number }): Promise<string | undefined> {
    const expiresAtMs = Date.now() + seconds * 1000
    return this.#objects.sign(dataKey(location), { contentType: 'application/octet-stream', expiresAtMs })
  }

  async #commitWhole(location: BlobLocation, bytes: Buffer): Promise<BlobLocation> {
    await this.#objects.put(dataKey(location), bytes, this.#metadata())
    return location
  }

  /** The name is written last: a blob that is listed or recorded has all of its bytes. */
  async #commitParts(uploadId: string, record: UploadRecord, digest: string): Promise<BlobLocation> {
    const { unique } = await this.#staging.seal(uploadId, record, digest)
    const location = locationAt(digest, unique)
    await this.#objects.put(nameKey(location), Buffer.alloc(0), this.#metadata())
    return location
  }

  async #begin(location: BlobLocation, range: ByteRange | undefined): Promise<ObjectRead> {
    const read = await beginRead(this.#objects, dataKey(location), range)
    if (read === undefined) throw new BlobMissingError(`there is no object at ${location}`)
    return read
  }

  #metadata() {
    return { at: String(this.#clock.now()) }
  }
}

function isDigestOfNothing(digest: string): boolean {
  const [algorithm = '', hex] = digest.split(':')
  return createHash(algorithm).digest('hex') === hex
}

/** The first digit of a location shows whether the blob is in parts. */
function isInParts(location: BlobLocation): boolean {
  return locationUnique(location).startsWith('f')
}

function dataKey(location: BlobLocation): string {
  return isInParts(location) ? partsKey(locationUnique(location)) : nameKey(location)
}

function nameKey(location: BlobLocation): string {
  return `${namePrefix}${relativeFile(location)}`
}

/** The time that was stored with an object. Without one, another program has written it. */
function committedAt({ metadata, modifiedAtMs }: Pick<ObjectRead, 'metadata' | 'modifiedAtMs'>): number {
  return metadata['at'] === undefined ? modifiedAtMs : Number(metadata['at'])
}

/** The store sends small chunks. Waiting for each of them takes more processor time than sending it. */
const maxUnsentBytes = 256 * 1024

async function send(read: ObjectRead, destination: Writable): Promise<void> {
  const output = new Output(destination)
  destination.once('close', read.cancel)
  try {
    let [unsentBytes, last] = [0, Promise.resolve()]
    for await (const chunk of read.chunks) {
      unsentBytes += chunk.byteLength
      last = output.write(chunk)
      if (unsentBytes < maxUnsentBytes) continue
      await last
      unsentBytes = 0
    }
    await last
  } finally {
    destination.off('close', read.cancel)
    output.release()
  }
}
