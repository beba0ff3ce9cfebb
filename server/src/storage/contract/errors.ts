import { DiskFullError, StorageUnavailableError } from '../../platform/process/outage.ts'

export { StorageUnavailableError }

/** There is no blob at the location. */
export class BlobMissingError extends Error {
  override readonly name = 'BlobMissingError'
}

/** An upload exceeds its limit. Earlier staged bytes stay. */
export class TooManyBytesError extends Error {
  override readonly name = 'TooManyBytesError'
}

/** The source of an upload failed or closed early. All bytes that it delivered are staged; `cause` is its error. */
export class BrokenSourceError extends Error {
  override readonly name = 'BrokenSourceError'
}

/** Another process has written to a staged upload since this one wrote or read it. */
export class StagedChangedError extends Error {
  override readonly name = 'StagedChangedError'
}

/** The disk is full, or a quota is exhausted. Acknowledged data is not affected. */
export class StorageFullError extends DiskFullError {
  override readonly name = 'StorageFullError'
}
