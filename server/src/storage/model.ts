import type { Readable, Writable } from 'node:stream'

/** Where a blob lies, as its driver names it: its digest, a dot and a part that is never used twice, so that a deletion can never meet a newer upload. */
export type BlobLocation = string & { readonly __brand: 'BlobLocation' }

/** A part of a blob: both ends are included, counted from 0. */
export type ByteRange = { readonly start: number; readonly end: number }

export type AppendOptions = {
  /** Where the bytes go: at most the staged size; what was staged behind it is cut off. */
  readonly offset: number
  /**
   * Sees every byte in order, in large pieces, as it is about to be written; a piece holds for the call alone. When the
   * append fails otherwise than by its source, what was seen is worthless.
   */
  readonly observe?: (piece: Uint8Array) => void
  /** Whether nobody else looks at the chunks of the source, as at those of a request, so that their memory may be given back at once. */
  readonly ownsChunks?: boolean
  /** More than so many bytes in the whole upload fail with `TooManyBytesError`. */
  readonly sizeLimitBytes?: number
}

/** What a driver knows of a blob without reading it. */
export type StoredBlob = { readonly sizeBytes: number; readonly committedAtMs: number }

/** Staged bytes, and when the last of them came. */
export type StagedUpload = { readonly uploadId: string; readonly changedAtMs: number; readonly sizeBytes: number }

/** A blob, or a part of one, that is ready to be sent. A deletion meanwhile does not cut it short. */
export interface OpenBlob {
  /** What lies there, all of it. */
  readonly stored: StoredBlob
  /**
   * Writes all of it, no faster than `destination` takes it, without ending it, and closes itself.
   *
   * @throws when the destination fails or closes before it has everything
   */
  sendTo(destination: Writable): Promise<void>
  /** Gives it up unsent; once it was sent, nothing happens. */
  close(): Promise<void>
}

/**
 * Bytes by digest. It knows no repository and no right: whoever asks has been let in. Streams throughout: the memory in
 * use for one transfer is bounded, whatever its size. An upload has one writer at a time; that is the caller's to see to.
 */
export interface BlobStore {
  /**
   * Appends to a staged upload, which begins to exist with its first byte, and returns the upload's size in bytes.
   *
   * @throws TooManyBytesError, BrokenSourceError, StorageFullError
   */
  append(uploadId: string, source: Readable, options: AppendOptions): Promise<number>
  /** Reads what is staged from its start, to hash it anew; nothing staged reads as empty. */
  readStaged(uploadId: string): Promise<Readable>
  stagedSizeBytes(uploadId: string): Promise<number | undefined>
  /**
   * Makes the staged bytes, or none where nothing was staged, durable at a new location named by `digest`. When it
   * returns, they survive a power failure. The upload is no longer staged then.
   *
   * @throws StorageFullError
   */
  commit(uploadId: string, digest: string): Promise<BlobLocation>
  /** Ends a staged upload; one that is not there is no error. */
  discard(uploadId: string): Promise<void>
  /** @throws BlobMissingError when nothing lies there */
  read(location: BlobLocation, range?: ByteRange): Promise<Readable>
  /**
   * Opens a blob to send it; cheaper for large ones than `BlobStore.read`.
   *
   * @throws BlobMissingError when nothing lies there
   */
  open(location: BlobLocation, range?: ByteRange): Promise<OpenBlob>
  /** What lies at a location, if anything does. */
  find(location: BlobLocation): Promise<StoredBlob | undefined>
  /** Deletes; a blob that is not there is no error. A reader that is under way reads on. */
  delete(location: BlobLocation): Promise<void>
  /** Every blob, in no order. */
  list(): AsyncIterable<BlobLocation>
  /** Every staged upload, with the time of its last byte, in no order. */
  listStaged(): AsyncIterable<StagedUpload>
}
