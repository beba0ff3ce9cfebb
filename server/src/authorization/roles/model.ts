import type { RolePermissions } from '@acrux/shared/standards/azure/role-permissions.ts'

export type RoleDefinition = {
  /** A GUID; the ARM id contains it. */
  readonly name: string
  readonly roleName: string
  readonly type: 'BuiltInRole' | 'CustomRole'
  readonly description: string
  readonly assignableScopes: readonly string[]
  readonly permissions: readonly RolePermissions[]
  /** Only for custom roles. */
  readonly history?: {
    readonly createdAtMs: number
    readonly createdBy: string
    readonly updatedAtMs: number
    readonly updatedBy: string
  }
}

export type NewRoleDefinition = Pick<
  RoleDefinition,
  'name' | 'roleName' | 'description' | 'assignableScopes' | 'permissions'
> & { readonly author: string }

export type PrincipalType = 'User' | 'Group' | 'ServicePrincipal'

export type RoleAssignment = {
  /** A GUID, in lower case. */
  readonly name: string
  /** ARM id of a subscription, resource group or registry, unchanged. */
  readonly scope: string
  readonly roleDefinitionName: string
  readonly principalId: string
  readonly principalType: PrincipalType
  /** Unchanged. An assignment with an unreadable condition grants nothing. */
  readonly condition: string | null
  readonly conditionVersion: string | null
  readonly description: string | null
  readonly createdAtMs: number
  readonly createdBy: string
  readonly updatedAtMs: number
  readonly updatedBy: string
}

/** Omitted properties are null. */
export type NewRoleAssignment = Omit<RoleAssignment, 'createdAtMs' | 'updatedAtMs' | 'updatedBy' | Changeable> &
  Partial<Pick<RoleAssignment, Changeable>>

type Changeable = 'condition' | 'conditionVersion' | 'description'

/** The properties of an assignment that can change. */
export type AssignmentChange = Pick<RoleAssignment, Changeable | 'updatedBy'>
