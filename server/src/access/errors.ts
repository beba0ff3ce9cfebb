/** The same role is already given to the same principal at the same scope, or the assignment's name is in use. */
export class AssignmentExistsError extends Error {
  override readonly name = 'AssignmentExistsError'
}

/** A scope map that something uses is not deleted. */
export class ScopeMapInUseError extends Error {
  override readonly name = 'ScopeMapInUseError'
  /** What uses it, some of it if there is much. */
  readonly users: readonly string[]
  constructor(users: readonly string[]) {
    super(`the scope map is in use by ${users.join(', ')}`)
    this.users = users
  }
}
