import type { Readable, Writable } from 'node:stream'

/** The location of a blob: its digest, a dot, and a part that is never used twice, so that a deletion never affects a newer upload. */
export type BlobLocation = string & { readonly __brand: 'BlobLocation' }

/** A range of bytes of a blob, from 0, including both ends. */
export type ByteRange = { readonly start: number; readonly end: number }

export type AppendOptions = {
  /** The offset of the new bytes, at most the staged size. Staged bytes after it are truncated. */
  readonly offset: number
  /**
   * Receives all bytes in order, in large pieces, before they are written. A piece is valid only during the call. If the
   * append fails for another reason than its source, the received bytes are not necessarily staged.
   */
  readonly observe?: (piece: Uint8Array) => void
  /**
   * Awaited before each piece is observed and written, with its size. Meanwhile, the store reads the next piece and then
   * pauses the source.
   */
  readonly pace?: ((sizeBytes: number) => Promise<void>) | undefined
  /**
   * Whether only the store reads the chunks of the source, as for the body of a request, so that it can free their
   * memory at once.
   */
  readonly ownsChunks?: boolean
  /** The maximum size of the whole upload. A larger one fails with `TooManyBytesError`. */
  readonly sizeLimitBytes?: number
  /**
   * Awaited by an object store before it replaces the record of the upload. Rejects if another process has continued the
   * upload while this process was suspended: the upload then stays as the other process left it.
   */
  readonly requireWriter?: () => Promise<void>
}

/** The properties of a blob that a driver knows without reading it. */
export type StoredBlob = { readonly sizeBytes: number; readonly committedAtMs: number }

/** A staged upload, and the time of its last byte. */
export type StagedUpload = { readonly uploadId: string; readonly changedAtMs: number; readonly sizeBytes: number }

/** An open blob, or a part of one. A deletion does not affect it. */
export interface OpenBlob {
  /** The properties of the whole blob. */
  readonly stored: StoredBlob
  /**
   * Writes all bytes to `destination` at its speed, and closes itself. The destination is not ended.
   *
   * @throws Error if the destination fails or closes early
   */
  sendTo(destination: Writable): Promise<void>
  /** Closes it unsent. Has no effect after sending. */
  close(): Promise<void>
}

/**
 * Bytes by digest, without repositories and rights. Everything is streamed: the memory per transfer is bounded, regardless
 * of its size. The caller ensures that an upload has one writer at a time.
 */
export interface BlobStore {
  /**
   * Appends to a staged upload, which exists from its first byte on. Returns the size of the upload.
   *
   * @throws TooManyBytesError, BrokenSourceError, StorageFullError
   */
  append(uploadId: string, source: Readable, options: AppendOptions): Promise<number>
  /** Reads a staged upload from its start, to hash it again. A missing one is empty. */
  readStaged(uploadId: string): Promise<Readable>
  stagedSizeBytes(uploadId: string): Promise<number | undefined>
  /**
   * Commits a staged upload, or an empty blob without one, to a new location for `digest`. After it returns, the blob
   * survives a power failure, and the upload is no longer staged. The location has the mark of the upload. The staged bytes
   * are the bytes that this process appended last, or has read since.
   *
   * @throws StorageFullError
   * @throws StagedChangedError if another process has appended in the meantime
   */
  commit(uploadId: string, digest: string): Promise<BlobLocation>
  /**
   * Stores a blob at the location that it has in another store. Its caller has checked that no blob is there. If the source fails,
   * nothing is stored. The blob is then as durable as after {@link commit}.
   *
   * @throws BrokenSourceError, StorageFullError
   */
  putAt(location: BlobLocation, source: Readable): Promise<void>
  /** Deletes a staged upload, if it exists. */
  discard(uploadId: string): Promise<void>
  /** @throws BlobMissingError if there is no blob */
  read(location: BlobLocation, range?: ByteRange): Promise<Readable>
  /**
   * Opens a blob for sending, which is faster for large blobs than `BlobStore.read`.
   *
   * @throws BlobMissingError if there is no blob
   */
  open(location: BlobLocation, range?: ByteRange): Promise<OpenBlob>
  /**
   * Checks that this is the store that was opened, and not the directory of a mount that is missing or another bucket. Nothing is
   * called missing, and nothing without a row is deleted, before that.
   *
   * @throws StorageUnavailableError
   */
  requireSelf(): Promise<void>
  /** The properties of the blob at a location, if there is one. */
  find(location: BlobLocation): Promise<StoredBlob | undefined>
  /** Deletes a blob, if it exists. Open readers continue. */
  delete(location: BlobLocation): Promise<void>
  /** Every blob, in no order. A blob whose deletion was interrupted is listed, and `find` does not find it. */
  list(): AsyncIterable<BlobLocation>
  /** Every staged upload, with the time of its last byte, in no order. */
  listStaged(): AsyncIterable<StagedUpload>
  /**
   * A URL at which anyone can read the blob for this many seconds; undefined if the store cannot give one. Absent in stores
   * that have no URLs.
   */
  signedUrl?(location: BlobLocation, options: { readonly seconds: number }): Promise<string | undefined>
}
