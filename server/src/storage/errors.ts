/** Nothing lies at the location. */
export class BlobMissingError extends Error {
  override readonly name = 'BlobMissingError'
}

/** An upload grew past its limit. What was staged before stays. */
export class TooManyBytesError extends Error {
  override readonly name = 'TooManyBytesError'
}
