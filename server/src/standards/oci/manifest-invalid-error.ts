/** Bytes that are no manifest of the type they were sent as. The message is written for the client. */
export class ManifestInvalidError extends Error {
  override readonly name = 'ManifestInvalidError'
}
