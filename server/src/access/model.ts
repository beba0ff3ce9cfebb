import type { RolePermissions } from '../standards/azure/role-permissions.ts'

/** Whose rights are asked for. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'admin'; readonly rid: string }
  | { readonly kind: 'scoped-token'; readonly rid: string; readonly tokenId: string }
  /** A user, service principal or managed identity, with the groups it is in. */
  | { readonly kind: 'directory'; readonly objectId: string; readonly groupIds: readonly string[] }

/** What decides about a registry, besides assignments. */
export type RegistryInQuestion = {
  readonly rid: string
  /** ARM id. */
  readonly id: string
  readonly adminUserEnabled: boolean
  readonly anonymousPullEnabled: boolean
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
}

export type RoleDefinition = {
  /** A GUID; the ARM id is made from it. */
  readonly name: string
  readonly roleName: string
  readonly type: 'BuiltInRole' | 'CustomRole'
  readonly description: string
  readonly assignableScopes: readonly string[]
  readonly permissions: readonly RolePermissions[]
  /** Of a custom role. */
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
  /** ARM id of the subscription, resource group or registry, as it was given. */
  readonly scope: string
  readonly roleDefinitionName: string
  readonly principalId: string
  readonly principalType: PrincipalType
  /** As it was given. One that cannot be read gives no right. */
  readonly condition: string | null
  readonly conditionVersion: string | null
  readonly description: string | null
  readonly createdAtMs: number
  readonly createdBy: string
  readonly updatedAtMs: number
  readonly updatedBy: string
}

/** What may be left out of a new one is null. */
export type NewRoleAssignment = Omit<RoleAssignment, 'createdAtMs' | 'updatedAtMs' | 'updatedBy' | Changeable> &
  Partial<Pick<RoleAssignment, Changeable>>

type Changeable = 'condition' | 'conditionVersion' | 'description'

/** What of an assignment may change once it is given. */
export type AssignmentChange = Pick<RoleAssignment, Changeable | 'updatedBy'>
