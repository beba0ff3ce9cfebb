import type { Readable } from 'node:stream'

/** Where a blob lies, as its driver names it: begins with its digest and is never used twice, so that a deletion can never meet a newer upload. */
export type BlobLocation = string & { readonly __brand: 'BlobLocation' }

/** A part of a blob: both ends are included, counted from 0. */
export type ByteRange = { readonly start: number; readonly end: number }

export type AppendOptions = {
  /** Where the bytes go; what lies behind it is overwritten. */
  readonly offset: number
  /** Sees every byte in order, in pieces as large as they are written. */
  readonly observe?: (piece: Uint8Array) => void
  /** More than so many bytes in the whole upload fail with {@link TooManyBytesError}. */
  readonly sizeLimitBytes?: number
}

/**
 * Bytes by digest. It knows no repository and no right: whoever asks has been let in. Streams throughout: the memory in
 * use for one transfer is bounded, whatever its size.
 */
export interface BlobStore {
  /** Appends to a staged upload, which begins to exist with its first byte, and returns the upload's size in bytes. */
  append(uploadId: string, source: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<number>
  /** Reads what is staged from its start, to hash it anew. */
  readStaged(uploadId: string): Promise<Readable>
  stagedSizeBytes(uploadId: string): Promise<number | undefined>
  /** Makes the staged bytes durable at a new location named by `digest`. When it returns, they survive a power failure. */
  commit(uploadId: string, digest: string): Promise<BlobLocation>
  /** Ends a staged upload; one that is not there is no error. */
  discard(uploadId: string): Promise<void>
  /** @throws BlobMissingError when nothing lies there */
  read(location: BlobLocation, range?: ByteRange): Promise<Readable>
  /** Deletes; a blob that is not there is no error. A reader that is under way reads on. */
  delete(location: BlobLocation): Promise<void>
  /** Every blob, with the time it was committed, in no order. */
  list(): AsyncIterable<{ readonly location: BlobLocation; readonly committedAtMs: number }>
  /** Every staged upload, with the time of its last byte, in no order. */
  listStaged(): AsyncIterable<{ readonly uploadId: string; readonly changedAtMs: number }>
}
