/** The scope map is in use, so it cannot be deleted. */
export class ScopeMapInUseError extends Error {
  override readonly name = 'ScopeMapInUseError'
  /** Names of users; not all if there are many. */
  readonly users: readonly string[]
  constructor(users: readonly string[]) {
    super(`the scope map is in use by ${users.join(', ')}`)
    this.users = users
  }
}
