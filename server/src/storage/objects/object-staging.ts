import { Readable } from 'node:stream'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../platform/process/clock.ts'
import { BlobMissingError, BrokenSourceError, StagedChangedError, TooManyBytesError } from '../contract/errors.ts'
import type { AppendOptions, StagedUpload } from '../contract/model.ts'
import { gatherPieces } from '../transfer/gather-pieces.ts'
import type { ObjectStore } from './object-store.ts'
import { completeParts, type PartSizes, PartWriter, partsKey } from './part-writer.ts'
import { beginRead } from './read-object.ts'
import {
  newRecord,
  partsBytes,
  readRecord,
  recordBytes,
  recordKey,
  recordPrefix,
  uniquePrefix,
  type UploadRecord,
  writeRecord,
} from './upload-record.ts'

/** How many records are looked up at the same time. */
const lookupsAtOnce = 16

const maxBeforeBytes = 32 * 1024 * 1024

/** More than the number of hashes that the callers cache, because a hash without a version is useless. */
const maxVersions = 20_000

/** Unfinished uploads: a record each, and the parts that it names. */
export class ObjectStaging {
  #objects: ObjectStore
  #clock: Clock
  #sizes: PartSizes
  /** The records before the last appends of this process. */
  #before = new LRUCache<string, UploadRecord>({
    maxSize: maxBeforeBytes,
    sizeCalculation: ({ parts, tail }) => tail.byteLength + 100 * (parts.length + 10),
  })

  /** The versions of the records that this process wrote or read last. */
  #versions = new LRUCache<string, string>({ max: maxVersions })

  constructor(objects: ObjectStore, clock: Clock, sizes: PartSizes) {
    this.#objects = objects
    this.#clock = clock
    this.#sizes = sizes
  }

  async append(uploadId: string, source: Readable, options: AppendOptions): Promise<number> {
    const { offset, observe, sizeLimitBytes = Infinity } = options
    let writer: PartWriter | undefined
    try {
      for await (const piece of gatherPieces(source, options.ownsChunks ?? false)) {
        await options.pace?.(piece.byteLength)
        writer ??= await this.#writerAt(uploadId, offset)
        if (writer.sizeBytes + piece.byteLength > sizeLimitBytes) {
          throw new TooManyBytesError(`the upload has more than ${sizeLimitBytes} bytes`)
        }
        observe?.(piece)
        await writer.write(piece)
      }
    } catch (error) {
      if (error instanceof BrokenSourceError && writer !== undefined) await this.#store(uploadId, writer, options)
      else await writer?.abandon()
      throw error
    }
    return writer === undefined ? this.#cut(uploadId, options) : this.#store(uploadId, writer, options)
  }

  async read(uploadId: string): Promise<Readable> {
    const record = await readRecord(this.#objects, uploadId)
    if (record === undefined) return Readable.from([])
    this.#versions.set(uploadId, record.version)
    if (record.parts.length === 0) return Readable.from(record.tail.byteLength === 0 ? [] : [record.tail])
    return Readable.from(await this.#readSealed(await this.seal(uploadId, record)))
  }

  async sizeBytes(uploadId: string): Promise<number | undefined> {
    const found = await this.#objects.head(recordKey(uploadId))
    return found === undefined ? undefined : Number(found.metadata['staged'])
  }

  /** The record of an upload. */
  record(uploadId: string): Promise<UploadRecord | undefined> {
    return readRecord(this.#objects, uploadId)
  }

  /** The record of an upload, for its commit. @throws StagedChangedError */
  async recordToCommit(uploadId: string): Promise<UploadRecord | undefined> {
    const record = await this.record(uploadId)
    if (record !== undefined && this.#versions.get(uploadId) !== record.version) {
      throw new StagedChangedError('another process has written to the upload')
    }
    return record
  }

  /** Makes the bytes of an upload an object, and stores the digest that a commit gives it. Repeating it has no effect. */
  async seal(uploadId: string, record: UploadRecord, digest?: string): Promise<UploadRecord> {
    const writer = new PartWriter(this.#objects, record, this.#sizes)
    const sealed = { ...(record.isSealed ? record : await writer.seal()), digest: digest ?? record.digest }
    // Stored first: a discard finds the object, even if this process ends now.
    if (!record.isSealed || sealed.digest !== record.digest) {
      await this.#write(uploadId, sealed)
    }
    await completeParts(this.#objects, partsKey(sealed.unique), sealed)
    return sealed
  }

  /**
   * Deletes the record of an upload and its incomplete objects: without a record, those of a process that ended before it
   * stored one.
   */
  async forget(uploadId: string, record: UploadRecord | undefined): Promise<void> {
    this.#before.delete(uploadId)
    this.#versions.delete(uploadId)
    if (record?.copied !== undefined) await this.#objects.delete(partsKey(record.copied))
    if (record === undefined || record.token !== undefined) {
      await this.#objects.abortParts(partsKey(uniquePrefix(uploadId)))
    }
    await this.#objects.delete(recordKey(uploadId))
  }

  async *list(): AsyncGenerator<StagedUpload> {
    let ids: string[] = []
    for await (const key of this.#objects.list(recordPrefix)) {
      ids.push(key.slice(recordPrefix.length))
      if (ids.length === lookupsAtOnce) yield* await this.#lookUp(ids.splice(0))
    }
    yield* await this.#lookUp(ids)
  }

  async #lookUp(uploadIds: readonly string[]): Promise<StagedUpload[]> {
    const found = await Promise.all(
      uploadIds.map(async (uploadId) => ({ uploadId, object: await this.#objects.head(recordKey(uploadId)) })),
    )
    return found.flatMap(({ uploadId, object }) => {
      if (object === undefined) return []
      const { at, staged } = object.metadata
      return [{ uploadId, changedAtMs: Number(at), sizeBytes: Number(staged) }]
    })
  }

  async #store(uploadId: string, writer: PartWriter, { requireWriter }: AppendOptions): Promise<number> {
    const record = await writer.finish()
    await requireWriter?.()
    await this.#write(uploadId, record)
    this.#before.set(uploadId, writer.begun)
    return recordBytes(record)
  }

  async #write(uploadId: string, record: UploadRecord): Promise<void> {
    this.#versions.set(uploadId, await writeRecord(this.#objects, uploadId, record, this.#clock.now()))
  }

  /** Truncates the upload at the offset of an empty append. */
  async #cut(uploadId: string, options: AppendOptions): Promise<number> {
    const { offset } = options
    const sizeBytes = await this.sizeBytes(uploadId)
    if (sizeBytes === undefined) return 0
    if (sizeBytes !== offset) await this.#store(uploadId, await this.#writerAt(uploadId, offset), options)
    return offset
  }

  /** Continues an upload at an offset. @throws Error if it is shorter: acknowledged bytes are lost */
  async #writerAt(uploadId: string, offset: number): Promise<PartWriter> {
    const record = (await readRecord(this.#objects, uploadId)) ?? newRecord(uploadId)
    const sizeBytes = recordBytes(record)
    if (sizeBytes < offset) {
      throw new Error(`a staged upload has ${sizeBytes} bytes where ${offset} were expected`)
    }
    const short = record.isSealed ? undefined : (cutRecord(record, offset) ?? this.#beforeOf(uploadId, record, offset))
    if (short !== undefined) return new PartWriter(this.#objects, short, this.#sizes)
    return this.#copyInto(uploadId, record, offset)
  }

  /** The record before the last append, if it has this size. A chunk of the wrong length is removed in this way. */
  #beforeOf(uploadId: string, record: UploadRecord, offset: number): UploadRecord | undefined {
    const before = this.#before.get(uploadId)
    if (before === undefined || before.unique !== record.unique || recordBytes(before) !== offset) return undefined
    return before.parts.every(({ tag }, index) => record.parts[index]?.tag === tag) ? before : undefined
  }

  /**
   * Copies the first bytes of an upload to new parts: the store gives access to parts only when they have become an object, to
   * which nothing can be appended. Rarely needed: for bytes after a failed commit, and for an offset within a part.
   */
  async #copyInto(uploadId: string, record: UploadRecord, offset: number): Promise<PartWriter> {
    // The next record cannot name both this object and the one that is copied now.
    if (record.copied !== undefined) await this.#objects.delete(partsKey(record.copied))
    const sealed = await this.seal(uploadId, record)
    const empty = { ...newRecord(uploadId), copied: sealed.unique }
    const writer = new PartWriter(this.#objects, empty, this.#sizes)
    if (offset > 0) {
      for await (const chunk of await this.#readSealed(sealed, offset)) await writer.write(chunk)
    }
    const copy = await writer.finish()
    await this.#write(uploadId, copy)
    await this.#objects.delete(partsKey(sealed.unique))
    return new PartWriter(this.#objects, copy, this.#sizes)
  }

  async #readSealed({ unique }: UploadRecord, sizeBytes?: number): Promise<AsyncIterable<Uint8Array>> {
    const range = sizeBytes === undefined ? undefined : { start: 0, end: sizeBytes - 1 }
    const read = await beginRead(this.#objects, partsKey(unique), range)
    if (read === undefined) throw new BlobMissingError('the object of a staged upload is missing')
    return read.chunks
  }
}

/** The record with its first `offset` bytes; undefined if that is within a part. */
function cutRecord(record: UploadRecord, offset: number): UploadRecord | undefined {
  const tailBytes = offset - partsBytes(record.parts)
  if (tailBytes >= 0) return { ...record, tail: record.tail.subarray(0, tailBytes) }
  const parts: UploadRecord['parts'][number][] = []
  let sizeBytes = 0
  for (const part of record.parts) {
    if (sizeBytes === offset) break
    parts.push(part)
    sizeBytes += part.sizeBytes
  }
  return sizeBytes === offset ? { ...record, parts, tail: Buffer.alloc(0) } : undefined
}
