/** The scope map is in use, so the scope map cannot be deleted. */
export class ScopeMapInUseError extends Error {
  override readonly name = 'ScopeMapInUseError'
  /** Names of users. The list may be incomplete if there are many users. */
  readonly users: readonly string[]
  constructor(users: readonly string[]) {
    super(`the scope map is in use by ${users.join(', ')}`)
    this.users = users
  }
}
