import { constants } from 'node:fs'
import { type FileHandle, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { makeDurableDirectory } from './durable-directory.ts'
import { FileStaging } from './file-staging.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { syncDirectory } from '../../platform/files/durable-file.ts'
import { createSemaphore } from '../../platform/limits/semaphore.ts'
import { BlobMissingError } from '../contract/errors.ts'
import { mapUnusable, undefinedIfMissing } from './filesystem-errors.ts'
import { KnownMarks, readMarks, requireMarks, writeMarks } from './store-mark.ts'
import { locationUnique, newLocation, parseLocation, relativeFile } from '../contract/location.ts'
import { pieceBytes } from '../transfer/piece-pool.ts'
import { OpenFile } from './send-file.ts'
import type {
  AppendOptions,
  BlobLocation,
  BlobStore,
  ByteRange,
  OpenBlob,
  StagedUpload,
  StoredBlob,
} from '../contract/model.ts'

export type FilesystemBlobStoreOptions = {
  /** The clock for the times of blobs and staged uploads. */
  readonly clock?: Clock
  /** Called before each deletion. While another process uses the files, a deleted blob keeps its file until a later garbage collection. */
  readonly filesAreHeld?: () => boolean
  /** The mark of the store. Default: none, and the store is not verified. */
  readonly mark?: StoreMark
}

/** The mark of a store, by {@link markFiles}. It can be set after the store is opened, and until then the store is not verified. */
export type StoreMark = { id: string | undefined }

/**
 * The maximum number of concurrent flushes. Each blocks one of Node's four threads for files, and downloads need the
 * others.
 */
const maxFlushes = 2

const algorithms = ['sha256', 'sha512']

/**
 * Creates a store of blobs in files: `blobs/sha256/ab/abcd….unique` and `staging/<upload id>` below `directory`, which must
 * be on one filesystem. Only its owner has access.
 */
export async function createFilesystemBlobStore(
  directory: string,
  { clock = systemClock, filesAreHeld = () => false, mark = { id: undefined } }: FilesystemBlobStoreOptions = {},
): Promise<BlobStore> {
  const staging = join(directory, 'staging')
  const blobs = blobsBelow(directory)
  const directories = [directory, staging, blobs, ...algorithmDirectories(blobs)]
  for (const made of directories) await mapUnusable(makeDurableDirectory(made))
  return new FilesystemBlobStore(blobs, staging, { clock, filesAreHeld, mark })
}

/** The id of the store below `directory`; undefined if the store has no mark. @throws StorageUnavailableError */
export function readFilesMark(directory: string): Promise<string | undefined> {
  return readMarks(algorithmDirectories(blobsBelow(directory)))
}

/** @throws StorageUnavailableError unless the store below `directory` has the mark `id` */
export function requireFilesMark(directory: string, id: string): Promise<void> {
  return requireMarks(algorithmDirectories(blobsBelow(directory)), id)
}

/** Marks the store below `directory`, unless it has a mark, and returns its id. @throws StorageUnavailableError */
export async function markFiles(directory: string): Promise<string> {
  const marked = algorithmDirectories(blobsBelow(directory))
  for (const made of [directory, blobsBelow(directory), ...marked]) await mapUnusable(makeDurableDirectory(made))
  return writeMarks(marked)
}

/** The file of a blob in the store below `directory`. */
export function blobFile(directory: string, location: BlobLocation): string {
  return join(blobsBelow(directory), relativeFile(location))
}

function algorithmDirectories(blobs: string): string[] {
  return algorithms.map((algorithm) => join(blobs, algorithm))
}

function blobsBelow(directory: string): string {
  return join(directory, 'blobs')
}

class FilesystemBlobStore implements BlobStore {
  #blobs: string
  #clock: Clock
  #filesAreHeld: () => boolean
  #mark: StoreMark
  #knownMarks = new KnownMarks()
  #flushes = createSemaphore(maxFlushes)
  #staging: FileStaging
  #madeDirectories = new Map<string, Promise<void>>()

  constructor(blobs: string, staging: string, { clock, filesAreHeld, mark }: Required<FilesystemBlobStoreOptions>) {
    this.#mark = mark
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
    const location = newLocation(digest, uploadId)
    await this.#commitTo(uploadId, location)
    return location
  }

  async putAt(location: BlobLocation, source: Readable): Promise<void> {
    const uploadId = `put-${locationUnique(location)}`
    try {
      await this.#staging.append(uploadId, source, { offset: 0 })
    } catch (error) {
      await this.#staging.discard(uploadId)
      throw error
    }
    await this.#commitTo(uploadId, location)
  }

  async #commitTo(uploadId: string, location: BlobLocation): Promise<void> {
    const path = this.#path(location)
    try {
      await this.#flushFile(this.#staging.path(uploadId))
    } catch (error) {
      // The next flush would not report the failure, and the blob would seem durable. [fsync(2), Errors]
      await this.#staging.discard(uploadId)
      throw error
    }
    // Bytes below a mount that is missing would be gone when it returns.
    if (this.#mark.id !== undefined) await this.#knownMarks.require(dirname(dirname(path)), this.#mark.id)
    await this.#makeDirectory(dirname(path))
    await mapUnusable(rename(this.#staging.path(uploadId), path))
    try {
      await this.#flushes(() => syncDirectory(dirname(path)))
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined)
      throw error
    }
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

  async requireSelf(): Promise<void> {
    if (this.#mark.id !== undefined) await requireMarks(algorithmDirectories(this.#blobs), this.#mark.id)
  }

  async find(location: BlobLocation): Promise<StoredBlob | undefined> {
    const found = await undefinedIfMissing(stat(this.#path(location)))
    return found === undefined ? undefined : { sizeBytes: found.size, committedAtMs: found.mtimeMs }
  }

  async delete(location: BlobLocation): Promise<void> {
    if (!this.#filesAreHeld()) await rm(this.#path(location), { force: true })
  }

  async *list(): AsyncGenerator<BlobLocation> {
    for (const algorithm of algorithms) {
      for await (const parent of await opendir(join(this.#blobs, algorithm))) {
        if (!parent.isDirectory()) continue
        for await (const file of await opendir(join(this.#blobs, algorithm, parent.name))) {
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
    const handle = await undefinedIfMissing(open(this.#path(location), 'r'))
    if (handle === undefined) throw new BlobMissingError(`there is no file at ${location}`)
    return handle
  }

  /** Flushes a file, with the time of the commit. Creates an empty file if there is none. */
  async #flushFile(path: string): Promise<void> {
    const handle = await mapUnusable(open(path, constants.O_RDWR | constants.O_CREAT, 0o600))
    try {
      const nowSeconds = this.#clock.now() / 1000
      await handle.utimes(nowSeconds, nowSeconds)
      await mapUnusable(this.#flushes(() => handle.sync()))
    } finally {
      await handle.close()
    }
  }

  /** Creates one of the 256 directories for the blobs of an algorithm; once per process. */
  #makeDirectory(directory: string): Promise<void> {
    const known = this.#madeDirectories.get(directory)
    if (known !== undefined) return known
    const made = mapUnusable(makeDurableDirectory(directory))
    this.#madeDirectories.set(directory, made)
    made.catch(() => this.#madeDirectories.delete(directory))
    return made
  }
}
