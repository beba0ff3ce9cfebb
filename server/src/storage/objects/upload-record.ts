import { randomBytes } from 'node:crypto'
import { newUnique, uploadMark } from '../contract/location.ts'
import type { ObjectStore, StoredPart } from './object-store.ts'
import { readWhole } from './read-object.ts'

/**
 * The state of a staged upload, which is an object of its own, so that every replica can continue the upload. The bytes are
 * in `parts` of an incomplete object, and the last ones, which are too few for a part, in the record itself.
 */
export type UploadRecord = {
  /** The unique part of the location that the upload gets, if it has parts. */
  readonly unique: string
  /** The token of the incomplete object; undefined before the first part. */
  readonly token: string | undefined
  readonly parts: readonly StoredPart[]
  /** Whether the parts were made an object, to which nothing can be appended. */
  readonly isSealed: boolean
  /** The digest of the blob that a commit was to make of it. */
  readonly digest: string | undefined
  /** An object with earlier bytes of the upload, which were copied and are to be deleted. */
  readonly copied: string | undefined
  readonly tail: Buffer
  /** Changes with each write, so that a process notices the writes of another process. */
  readonly version: string
}

const uploadIdPattern = /^[A-Za-z0-9_-]{1,128}$/

/** The key of the record of an upload. @throws Error for an id that is not safe as a part of a key */
export function recordKey(uploadId: string): string {
  if (!uploadIdPattern.test(uploadId)) throw new Error('an upload id must be safe as a file name')
  return `${recordPrefix}${uploadId}`
}

/** The prefix of the keys of records. */
export const recordPrefix = 'uploads/'

/** The prefix of the unique parts of an upload, by which its incomplete objects are found without its record. */
export function uniquePrefix(uploadId: string): string {
  return `f${uploadMark(uploadId)}`
}

/** A record of nothing, whose unique part was never used before. */
export function newRecord(uploadId: string): UploadRecord {
  return {
    unique: newUnique(uploadId, 'f'),
    token: undefined,
    parts: [],
    isSealed: false,
    digest: undefined,
    copied: undefined,
    tail: Buffer.alloc(0),
    version: '',
  }
}

/** The number of staged bytes. */
export function recordBytes({ parts, tail }: Pick<UploadRecord, 'parts' | 'tail'>): number {
  return partsBytes(parts) + tail.byteLength
}

/** The number of bytes in parts. */
export function partsBytes(parts: readonly StoredPart[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** Writes a record, and returns its new version. */
export async function writeRecord(
  objects: ObjectStore,
  uploadId: string,
  record: UploadRecord,
  nowMs: number,
): Promise<string> {
  const version = randomBytes(12).toString('hex')
  const { tail, ...rest } = { ...record, version }
  const head = Buffer.from(`${JSON.stringify(rest)}\n`)
  const metadata = { at: String(nowMs), staged: String(recordBytes(record)) }
  await objects.put(recordKey(uploadId), tail.byteLength === 0 ? head : Buffer.concat([head, tail]), metadata)
  return version
}

/** Reads the record of an upload, if it exists. */
export async function readRecord(objects: ObjectStore, uploadId: string): Promise<UploadRecord | undefined> {
  const bytes = await readWhole(objects, recordKey(uploadId))
  if (bytes === undefined) return undefined
  const end = bytes.indexOf('\n')
  const record = JSON.parse(bytes.toString('utf8', 0, end)) as Omit<UploadRecord, 'tail'>
  return { ...record, tail: bytes.subarray(end + 1) }
}
