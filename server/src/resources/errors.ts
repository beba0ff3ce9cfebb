/** Another registry of this server already has the name or the login server. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError'
}
