import { constants } from 'node:fs'
import { type FileHandle, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock } from '../platform/process/clock.ts'
import { systemClock } from '../platform/process/clock.ts'
import { syncDirectory } from '../platform/files/durable-file.ts'
import { createSemaphore } from '../platform/limits/semaphore.ts'
import { makeDurableDirectory } from './durable-directory.ts'
import { BlobMissingError } from './errors.ts'
import { FileStaging } from './file-staging.ts'
import { orFull, orMissing } from './filesystem-errors.ts'
import { newLocation, parseLocation, relativeFile } from './location.ts'
import { pieceBytes } from './piece-pool.ts'
import { OpenFile } from './send-file.ts'
import type { AppendOptions, BlobLocation, BlobStore, ByteRange, OpenBlob, StagedUpload, StoredBlob } from './model.ts'

export type FilesystemBlobStoreOptions = {
  /** What the times of blobs and staged uploads are taken from. */
  readonly clock?: Clock
  /** Asked before each deletion: while another process holds the files, a deleted blob keeps its file until a later sweep. */
  readonly filesAreHeld?: () => boolean
}

/**
 * How many flushes may wait for the disk at once. Each occupies one of Node's four threads for file work, and the
 * downloads need the others.
 */
const flushesAtOnce = 2

const algorithms = ['sha256', 'sha512']

/**
 * Opens the store that keeps blobs in files: `blobs/sha256/ab/abcd….unique` and `staging/<upload id>` below `directory`,
 * which must lie within one filesystem. Only its owner may enter.
 */
export async function createFilesystemBlobStore(
  directory: string,
  { clock = systemClock, filesAreHeld = () => false }: FilesystemBlobStoreOptions = {},
): Promise<BlobStore> {
  const staging = join(directory, 'staging')
  const blobs = blobsBelow(directory)
  const directories = [directory, staging, blobs, ...algorithms.map((algorithm) => join(blobs, algorithm))]
  for (const made of directories) await orFull(makeDurableDirectory(made))
  return new FilesystemBlobStore(blobs, staging, { clock, filesAreHeld })
}

/** The file of a blob in the store below `directory`. */
export function blobFile(directory: string, location: BlobLocation): string {
  return join(blobsBelow(directory), relativeFile(location))
}

function blobsBelow(directory: string): string {
  return join(directory, 'blobs')
}

class FilesystemBlobStore implements BlobStore {
  #blobs: string
  #clock: Clock
  #filesAreHeld: () => boolean
  #flushes = createSemaphore(flushesAtOnce)
  #staging: FileStaging
  #shelves = new Map<string, Promise<void>>()

  constructor(blobs: string, staging: string, { clock, filesAreHeld }: Required<FilesystemBlobStoreOptions>) {
    this.#blobs = blobs
    this.#clock = clock
    this.#filesAreHeld = filesAreHeld
    this.#staging = new FileStaging(staging, clock, this.#flushes)
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

  discard(uploadId: string): Promise<void> {
    return this.#staging.discard(uploadId)
  }

  listStaged(): AsyncIterable<StagedUpload> {
    return this.#staging.list()
  }

  async commit(uploadId: string, digest: string): Promise<BlobLocation> {
    const location = newLocation(digest)
    const path = this.#path(location)
    try {
      await this.#flushFile(this.#staging.path(uploadId))
    } catch (error) {
      // The next flush would report nothing, and the blob would pass for durable. [fsync(2), Errors]
      await this.#staging.discard(uploadId)
      throw error
    }
    await this.#makeShelf(dirname(path))
    await orFull(rename(this.#staging.path(uploadId), path))
    try {
      await this.#flushes(() => syncDirectory(dirname(path)))
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined)
      throw error
    }
    return location
  }

  async read(location: BlobLocation, range?: ByteRange): Promise<Readable> {
    const handle = await this.#open(location)
    return handle.createReadStream({ highWaterMark: pieceBytes, ...range })
  }

  async open(location: BlobLocation, range?: ByteRange): Promise<OpenBlob> {
    const handle = await this.#open(location)
    try {
      const { size, mtimeMs } = await handle.stat()
      const stored = { sizeBytes: size, committedAtMs: mtimeMs }
      return new OpenFile(handle, stored, range ?? { start: 0, end: size - 1 })
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async find(location: BlobLocation): Promise<StoredBlob | undefined> {
    const found = await orMissing(stat(this.#path(location)))
    return found === undefined ? undefined : { sizeBytes: found.size, committedAtMs: found.mtimeMs }
  }

  async delete(location: BlobLocation): Promise<void> {
    if (!this.#filesAreHeld()) await rm(this.#path(location), { force: true })
  }

  async *list(): AsyncGenerator<BlobLocation> {
    for (const algorithm of algorithms) {
      for await (const shelf of await opendir(join(this.#blobs, algorithm))) {
        if (!shelf.isDirectory()) continue
        for await (const file of await opendir(join(this.#blobs, algorithm, shelf.name))) {
          const location = parseLocation(`${algorithm}:${file.name}`)
          if (location !== undefined) yield location
        }
      }
    }
  }

  #path(location: BlobLocation): string {
    return join(this.#blobs, relativeFile(location))
  }

  async #open(location: BlobLocation): Promise<FileHandle> {
    const handle = await orMissing(open(this.#path(location), 'r'))
    if (handle === undefined) throw new BlobMissingError(`no file lies at ${location}`)
    return handle
  }

  /** Brings the file, made empty where there is none, to the disk with the time of its commit. */
  async #flushFile(path: string): Promise<void> {
    const handle = await orFull(open(path, constants.O_RDWR | constants.O_CREAT, 0o600))
    try {
      const nowSeconds = this.#clock.now() / 1000
      await handle.utimes(nowSeconds, nowSeconds)
      await orFull(this.#flushes(() => handle.sync()))
    } finally {
      await handle.close()
    }
  }

  /** Makes one of the 256 directories that blobs of an algorithm are spread over; once in the life of the process. */
  #makeShelf(directory: string): Promise<void> {
    const known = this.#shelves.get(directory)
    if (known !== undefined) return known
    const made = orFull(makeDurableDirectory(directory))
    this.#shelves.set(directory, made)
    made.catch(() => this.#shelves.delete(directory))
    return made
  }
}
