import { DiskFullError } from '../platform/process/outage.ts'

/** Nothing lies at the location. */
export class BlobMissingError extends Error {
  override readonly name = 'BlobMissingError'
}

/** An upload grew past its limit. What was staged before stays. */
export class TooManyBytesError extends Error {
  override readonly name = 'TooManyBytesError'
}

/** The source of an upload failed or went away. Every byte that it gave is staged; `cause` is its own error. */
export class BrokenSourceError extends Error {
  override readonly name = 'BrokenSourceError'
}

/** No room is left, or none that this process may use. What was acknowledged before is not touched. */
export class StorageFullError extends DiskFullError {
  override readonly name = 'StorageFullError'
}
