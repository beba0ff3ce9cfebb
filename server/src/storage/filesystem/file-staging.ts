import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Clock } from '../../platform/process/clock.ts'
import { TooManyBytesError } from '../contract/errors.ts'
import { mapUnusable, undefinedIfMissing } from './filesystem-errors.ts'
import { gatherPieces } from '../transfer/gather-pieces.ts'
import { pieceBytes } from '../transfer/piece-pool.ts'
import type { AppendOptions, StagedUpload } from '../contract/model.ts'

const uploadIdPattern = /^[A-Za-z0-9_-]{1,128}$/

/** The number of bytes between two early flushes, so that the last flush of a large blob is short. */
const flushEveryBytes = 64 * 1024 * 1024

/**
 * The size of one write. The kernel allocates pages for its cache in runs of that length. Long runs rarely consist of
 * memory that was used recently, and in a virtual machine, the first use of memory takes as long as everything else.
 */
const writeBytes = 96 * 1024

type Limiter = <Result>(work: () => Promise<Result>) => Promise<Result>

/** Unfinished uploads: one file each, with the id of the upload as its name. */
export class FileStaging {
  #directory: string
  #clock: Clock
  #flushes: Limiter

  constructor(directory: string, clock: Clock, flushes: Limiter) {
    this.#directory = directory
    this.#clock = clock
    this.#flushes = flushes
  }

  /** The file of an upload. @throws Error for an id that is not safe as a file name */
  path(uploadId: string): string {
    if (!uploadIdPattern.test(uploadId)) throw new Error('an upload id must be safe as a file name')
    return join(this.#directory, uploadId)
  }

  async append(uploadId: string, source: Readable, options: AppendOptions): Promise<number> {
    const path = this.path(uploadId)
    let file: StagedFile | undefined
    try {
      for await (const piece of gatherPieces(source, options.ownsChunks ?? false)) {
        await options.pace?.(piece.byteLength)
        file ??= await StagedFile.open(path, options, this.#flushes)
        await file.append(piece)
      }
    } finally {
      if (file !== undefined) await this.#close(path, file)
    }
    if (file !== undefined) return file.sizeBytes
    return this.#cut(path, options.offset)
  }

  read(uploadId: string): Promise<Readable> {
    const stream = createReadStream(this.path(uploadId), { highWaterMark: pieceBytes })
    return new Promise((resolve, reject) => {
      stream.once('open', () => resolve(stream))
      stream.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') resolve(Readable.from([]))
        else reject(error)
      })
    })
  }

  async sizeBytes(uploadId: string): Promise<number | undefined> {
    return (await undefinedIfMissing(stat(this.path(uploadId))))?.size
  }

  async discard(uploadId: string): Promise<void> {
    await rm(this.path(uploadId), { force: true })
  }

  async *list(): AsyncGenerator<StagedUpload> {
    for await (const entry of await opendir(this.#directory)) {
      if (!entry.isFile() || !uploadIdPattern.test(entry.name)) continue
      const found = await undefinedIfMissing(stat(join(this.#directory, entry.name)))
      if (found !== undefined) yield { uploadId: entry.name, changedAtMs: found.mtimeMs, sizeBytes: found.size }
    }
  }

  /**
   * Removes the file after a failed flush. The kernel reports a failure only once, so the file would seem complete although a
   * part of it is not on the disk. [fsync(2), Errors]
   */
  async #close(path: string, file: StagedFile): Promise<void> {
    try {
      await file.close(this.#clock.now())
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }

  /** Truncates the file at the offset of an empty append. */
  async #cut(path: string, offset: number): Promise<number> {
    const handle = await undefinedIfMissing(open(path, 'r+'))
    if (handle === undefined) return 0
    try {
      await cutTo(handle, offset)
      return offset
    } finally {
      await handle.close()
    }
  }
}

/** The file of one upload while it is being written. */
class StagedFile {
  sizeBytes: number
  #handle: FileHandle
  #startBytes: number
  #limitBytes: number
  #observe: (piece: Uint8Array) => void
  #flushes: Limiter
  #flushedBytes: number
  #flush: Promise<void> | undefined
  #flushFailure: unknown

  private constructor(handle: FileHandle, options: AppendOptions, flushes: Limiter) {
    this.#handle = handle
    this.sizeBytes = options.offset
    this.#startBytes = options.offset
    this.#flushedBytes = options.offset
    this.#limitBytes = options.sizeLimitBytes ?? Infinity
    this.#observe = options.observe ?? (() => {})
    this.#flushes = flushes
  }

  static async open(path: string, options: AppendOptions, flushes: Limiter): Promise<StagedFile> {
    const handle = await mapUnusable(open(path, constants.O_RDWR | constants.O_CREAT, 0o600))
    try {
      await cutTo(handle, options.offset)
    } catch (error) {
      await handle.close()
      throw error
    }
    return new StagedFile(handle, options, flushes)
  }

  async append(piece: Uint8Array): Promise<void> {
    if (this.sizeBytes + piece.byteLength > this.#limitBytes) {
      await this.#handle.truncate(this.#startBytes)
      throw new TooManyBytesError(`the upload has more than ${this.#limitBytes} bytes`)
    }
    this.#observe(piece)
    await mapUnusable(writeAll(this.#handle, piece, this.sizeBytes))
    this.sizeBytes += piece.byteLength
    if (this.#flushFailure !== undefined) throw this.#flushFailure
    if (this.sizeBytes - this.#flushedBytes >= flushEveryBytes) this.#beginFlush()
  }

  async close(nowMs: number): Promise<void> {
    try {
      await this.#flush
      if (this.#flushFailure !== undefined) throw this.#flushFailure
      await this.#handle.utimes(nowMs / 1000, nowMs / 1000)
    } finally {
      await this.#handle.close()
    }
  }

  #beginFlush(): void {
    if (this.#flush !== undefined) return
    this.#flushedBytes = this.sizeBytes
    this.#flush = mapUnusable(this.#flushes(() => this.#handle.datasync()))
      .catch((error: unknown) => {
        this.#flushFailure = error
      })
      .finally(() => {
        this.#flush = undefined
      })
  }
}

/** Truncates a file. @throws Error if it is shorter: acknowledged bytes are lost, and a hole would replace them */
async function cutTo(handle: FileHandle, sizeBytes: number): Promise<void> {
  const { size } = await handle.stat()
  if (size < sizeBytes) throw new Error(`a staged upload has ${size} bytes where ${sizeBytes} were expected`)
  if (size > sizeBytes) await handle.truncate(sizeBytes)
}

/** Writes all bytes. A short write, such as on a disk that becomes full, is continued until it is complete or fails. */
async function writeAll(handle: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < piece.byteLength;) {
    const length = Math.min(writeBytes, piece.byteLength - done)
    done += (await handle.write(piece, done, length, position + done)).bytesWritten
  }
}
