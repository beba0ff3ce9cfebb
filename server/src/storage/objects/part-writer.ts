import { StorageUnavailableError } from '../contract/errors.ts'
import type { ObjectStore, StoredPart } from './object-store.ts'
import { type UploadRecord, partsBytes } from './upload-record.ts'

/** The minimum size of a part that is not the last one. [Amazon S3, multipart upload limits] */
const minPartBytes = 5 * 1024 * 1024

/** How many parts have the same size. The store accepts 10,000 parts. [Amazon S3, multipart upload limits] */
const partsOfOneSize = 2000

/** The memory for the first bytes of an append. */
const firstPieceBytes = 256 * 1024

/** The sizes of parts: large enough to be few, and small enough to be kept in memory until the store has them. */
export type PartSizes = { readonly minBytes: number; readonly firstBytes: number }

/** 8 MiB for the first 2,000 parts (16 GB), and twice as much for the next ones. The largest blob has 9,000 parts. */
export const defaultPartSizes: PartSizes = { minBytes: minPartBytes, firstBytes: 8 * 1024 * 1024 }

/** Where the objects in parts are. */
export function partsKey(unique: string): string {
  return `parts/${unique}`
}

/**
 * Makes parts an object, and verifies that the object has their size. The call can be repeated. @throws
 * StorageUnavailableError
 */
export async function completeParts(
  objects: ObjectStore,
  key: string,
  { token = '', parts }: Pick<UploadRecord, 'token' | 'parts'>,
): Promise<void> {
  await objects.completeParts(key, token, parts)
  const found = await objects.head(key)
  const sizeBytes = partsBytes(parts)
  if (found?.sizeBytes !== sizeBytes) {
    const made = found?.sizeBytes ?? 'no'
    throw new StorageUnavailableError(`the object has ${made} bytes, but its parts have ${sizeBytes} bytes`)
  }
}

/**
 * Appends to an upload. Bytes are gathered in memory until they are a part; one part is sent while the next one is gathered.
 * Nothing changes for other readers until the caller stores the record.
 */
export class PartWriter {
  #objects: ObjectStore
  #key: string
  #sizes: PartSizes
  #record: UploadRecord
  #parts: StoredPart[]
  #token: string | undefined
  #piece: Buffer
  #pieceBytes = 0
  /** The memory of the last part that the store has, for the next one. New memory takes the kernel much longer than copying. */
  #spare: Buffer | undefined
  /** The bytes that are being sent, which are not in `parts` yet. */
  #sendingBytes = 0
  #sending: Promise<void> = Promise.resolve()

  constructor(objects: ObjectStore, record: UploadRecord, sizes: PartSizes, key = partsKey(record.unique)) {
    this.#objects = objects
    this.#key = key
    this.#record = record
    this.#sizes = sizes
    this.#parts = [...record.parts]
    this.#token = record.token
    this.#piece = Buffer.allocUnsafeSlow(Math.min(Math.max(record.tail.byteLength, firstPieceBytes), this.#partBytes()))
    this.#fill(record.tail)
  }

  /** The record with which it began. */
  get begun(): UploadRecord {
    return this.#record
  }

  /** The number of bytes so far. */
  get sizeBytes(): number {
    return partsBytes(this.#parts) + this.#pieceBytes + this.#sendingBytes
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      done += this.#fill(bytes.subarray(done))
      if (this.#pieceBytes === this.#partBytes()) await this.#send()
    }
  }

  /** Sends the last bytes if they are enough for a part, and returns the record to store. */
  async finish(): Promise<UploadRecord> {
    if (this.#pieceBytes >= this.#sizes.minBytes) await this.#send()
    await this.#sending
    return this.#current()
  }

  /** Sends the last bytes, however few: nothing can be appended afterwards. */
  async seal(): Promise<UploadRecord> {
    if (this.#pieceBytes > 0) await this.#send()
    await this.#sending
    return { ...this.#current(), isSealed: true }
  }

  /** Ends the append after a failure: what it has stored is not part of the upload. */
  async abandon(): Promise<void> {
    await this.#sending.catch(() => undefined)
    if (this.#record.token === undefined && this.#token !== undefined) {
      await this.#objects.abortParts(this.#key).catch(() => undefined)
    }
  }

  #current(): UploadRecord {
    const tail = Buffer.from(this.#piece.subarray(0, this.#pieceBytes))
    return { ...this.#record, token: this.#token, parts: this.#parts, tail }
  }

  #fill(bytes: Uint8Array): number {
    if (this.#pieceBytes === this.#piece.byteLength) this.#grow()
    const part = bytes.subarray(0, this.#piece.byteLength - this.#pieceBytes)
    this.#piece.set(part, this.#pieceBytes)
    this.#pieceBytes += part.byteLength
    return part.byteLength
  }

  /** Memory is taken as bytes arrive: most blobs are small, and many senders are slow. */
  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#piece.byteLength * 4, this.#partBytes()))
    larger.set(this.#piece)
    this.#piece = larger
  }

  async #send(): Promise<void> {
    await this.#sending
    const [piece, sizeBytes] = [this.#piece, this.#pieceBytes]
    this.#piece = this.#spare ?? Buffer.allocUnsafeSlow(Math.min(piece.byteLength, this.#partBytes()))
    this.#spare = undefined
    this.#pieceBytes = 0
    this.#sendingBytes = sizeBytes
    this.#sending = this.#put(piece, sizeBytes)
    // Awaited before the next part; until then a failure is not an unhandled rejection.
    this.#sending.catch(() => undefined)
  }

  async #put(piece: Buffer, sizeBytes: number): Promise<void> {
    const key = this.#key
    this.#token ??= await this.#objects.beginParts(key)
    const number = this.#parts.length + 1
    const tag = await this.#objects.putPart({ key, token: this.#token, number }, piece.subarray(0, sizeBytes))
    this.#parts.push({ tag, sizeBytes })
    this.#sendingBytes = 0
    this.#spare = piece
  }

  /** The size of the next part. */
  #partBytes(): number {
    const index = this.#parts.length + (this.#sendingBytes > 0 ? 1 : 0)
    return this.#sizes.firstBytes * 2 ** Math.floor(index / partsOfOneSize)
  }
}
