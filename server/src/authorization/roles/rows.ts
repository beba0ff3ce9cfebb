export type RoleDefinitionRow = {
  readonly name: string
  /** In lower case. */
  readonly role_name_key: string
  readonly role_name: string
  readonly description: string
  /** JSON text of a list of `RolePermissions`. */
  readonly permissions: string
  /** JSON text of a list of scopes. */
  readonly assignable_scopes: string
  readonly created_at_ms: number
  readonly created_by: string
  readonly updated_at_ms: number
  readonly updated_by: string
}

export type RoleAssignmentRow = {
  /** The scope in lower case, without a trailing slash. */
  readonly scope_key: string
  readonly name: string
  readonly scope: string
  readonly role_definition_name: string
  readonly principal_id: string
  readonly principal_type: string
  readonly condition: string | null
  readonly condition_version: string | null
  readonly created_at_ms: number
  readonly created_by: string
  readonly description: string | null
  /** Null until the first change. */
  readonly updated_at_ms: number | null
  readonly updated_by: string | null
}

/** The role of a principal; the last two are null for a built-in role. */
export type PrincipalRoleRow = Omit<AssignedRoleRow, 'name' | 'scope'>

/** The part of an assignment that decisions need, with its custom role; the last two are null for a built-in role. */
export type AssignedRoleRow = Pick<
  RoleAssignmentRow,
  'name' | 'scope' | 'role_definition_name' | 'principal_id' | 'principal_type' | 'condition'
> & { readonly role_name: string | null; readonly permissions: string | null }
