/** The principal already has the role at the scope, or the name of the assignment is in use. */
export class AssignmentExistsError extends Error {
  override readonly name = 'AssignmentExistsError'
}

/** The role does not exist, or is not assignable at this scope. */
export class RoleNotAssignableError extends Error {
  override readonly name = 'RoleNotAssignableError'
}

/** Another role has this name. */
export class RoleNameTakenError extends Error {
  override readonly name = 'RoleNameTakenError'
}

/** The role is assigned, so the role cannot be deleted, and the scope of the assignment must remain assignable. */
export class RoleInUseError extends Error {
  override readonly name = 'RoleInUseError'
}

/** Built-in roles cannot be changed. */
export class BuiltInRoleError extends Error {
  override readonly name = 'BuiltInRoleError'
}

/** The maximum number of custom roles exists. */
export class RoleLimitError extends Error {
  override readonly name = 'RoleLimitError'
}
