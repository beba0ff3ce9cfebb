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

/** There is no such role, or it cannot be given at this scope. */
export class RoleNotAssignableError extends Error {
  override readonly name = 'RoleNotAssignableError'
}

/** Another role has this name. */
export class RoleNameTakenError extends Error {
  override readonly name = 'RoleNameTakenError'
}

/** The role is given to somebody where it could not be any more. */
export class RoleInUseError extends Error {
  override readonly name = 'RoleInUseError'
}

/** Built-in roles are the same everywhere, and are not changed. */
export class BuiltInRoleError extends Error {
  override readonly name = 'BuiltInRoleError'
}

/** There are as many custom roles as there may be. */
export class RoleLimitError extends Error {
  override readonly name = 'RoleLimitError'
}
