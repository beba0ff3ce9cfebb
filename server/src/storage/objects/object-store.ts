import type { Readable } from 'node:stream'
import type { ByteRange } from '../contract/model.ts'

/** The metadata of an object: names of lower-case letters, values of ASCII. */
export type ObjectMetadata = Readonly<Record<string, string>>

/** The properties of an object. */
export type StoredObject = {
  readonly sizeBytes: number
  readonly metadata: ObjectMetadata
  /** When the store last wrote the object, by its clock. */
  readonly modifiedAtMs: number
}

/** An object that is being read, or a range of it. The properties are those of the whole object. */
export type ObjectBody = StoredObject & { readonly etag: string | undefined; readonly body: Readable }

export type GetOptions = {
  readonly range?: ByteRange | undefined
  /** Read only if the object still has this entity tag. */
  readonly etag?: string | undefined
  readonly signal: AbortSignal
}

/** A part that was stored, by the name that the store gave it. */
export type StoredPart = { readonly tag: string; readonly sizeBytes: number }

/** A redirect to an object, for a client that has no credentials of the store. */
export type SignOptions = { readonly contentType: string; readonly expiresAtMs: number }

/**
 * What the blob store needs of an object store. Its drivers repeat requests that may be repeated. Every failure other than a
 * missing object is a `StorageUnavailableError` or a `StorageFullError`.
 */
export interface ObjectStore {
  /** The account, bucket and prefix, for messages and to recognise the same store again. No secrets. */
  readonly description: string
  /** How long the store may take to respond, and to send the next bytes. */
  readonly timeoutMs: number
  /** Stores an object, or replaces it. */
  put(key: string, bytes: Uint8Array, metadata: ObjectMetadata): Promise<void>
  head(key: string): Promise<StoredObject | undefined>
  get(key: string, options: GetOptions): Promise<ObjectBody | undefined>
  /** Deletes an object, if it exists. */
  delete(key: string): Promise<void>
  /** The keys that begin with `prefix`. An object that was written or deleted shortly before may be listed wrongly. */
  list(prefix: string): AsyncIterable<string>
  /** Begins an object in parts, and returns a token for it. */
  beginParts(key: string): Promise<string>
  /** Stores a part. Parts are at least 5 MiB, except for the last one. A part replaces one of the same number. */
  putPart(
    part: { readonly key: string; readonly token: string; readonly number: number },
    bytes: Uint8Array,
  ): Promise<string>
  /**
   * Makes the parts an object. The call has no effect on an object that is complete. `completeParts` of
   * `part-writer.ts` also verifies the
   * object.
   */
  completeParts(key: string, token: string, parts: readonly StoredPart[]): Promise<void>
  /** Deletes the parts of all incomplete objects whose keys begin with `prefix`. Complete objects stay. */
  abortParts(prefix: string): Promise<void>
  /** A URL by which anyone can read the object until it expires; undefined if the credentials cannot sign one. */
  sign(key: string, options: SignOptions): Promise<string | undefined>
  /** Closes idle connections. */
  close(): void
}
