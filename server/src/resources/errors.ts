/** The name or the login server belongs to another registry of this server. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError'
}
