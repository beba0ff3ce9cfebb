import type { Transaction } from '../platform/sql/database.ts'
import type { AccessScope } from '../spec/access-scope.ts'
import type { AssignmentFacts } from '../spec/role-condition-evaluation.ts'
import type { RolePermissions } from '../spec/role-permissions.ts'
import type { ExplainAction } from './explain-action.ts'
import type { Explain } from './explain.ts'
import type { RoleDefinitions } from './role-definitions.ts'
import type { AnonymousAccess } from './anonymous-access.ts'
import type { ScopeMaps } from './scope-maps.ts'
import type { ScopedTokenSignIn } from './scoped-token-proof.ts'
import type { ScopedTokens } from './scoped-tokens.ts'

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

/** What you may do: role definitions, assignments, scope maps, and the one decision that everything asks. */
export interface Access extends ScopedTokenSignIn, RoleDefinitions, Explain, ExplainAction {
  readonly scopeMaps: ScopeMaps
  readonly scopedTokens: ScopedTokens
  readonly anonymousAccess: AnonymousAccess
  /** Ends every scoped token and scope map of a registry that is deleted, and what anybody may read of it. */
  deleteRegistryAccess(transaction: Transaction, rid: string): Promise<void>

  /** The part of `asked` that the principal may do here and now; what is not allowed is left out, never an error. */
  allowedAccess(
    principal: Principal,
    registry: RegistryInQuestion,
    asked: readonly AccessScope[],
  ): AccessScope[] | Promise<AccessScope[]>
  /** Whether any assignment, of whatever role, covers the registry: what the exchange asks for. */
  hasAssignment(principal: Principal, registryId: string): boolean | Promise<boolean>
  /** Whether the principal may carry out a management action at a scope. */
  mayManage(principal: Principal, action: string, scope: string): boolean | Promise<boolean>
  /**
   * Whether a role of the principal's allows the action at the scope, or may do so by a condition on the role assignment
   * that it is about: {@link mayAssign} has to be asked then.
   */
  mayManageSome(principal: Principal, action: string, scope: string): Promise<boolean>
  /** Whether the principal may write (`Request`) or delete (`Resource`) this role assignment at a scope. */
  mayAssign(principal: Principal, scope: string, assignment: AssignmentFacts): Promise<boolean>
  /** The scopes, in lower case, at which a role of the principal's allows the action: what a list shows lies below one of them, or above for the tree's own nodes. */
  scopesAllowing(principal: Principal, action: string): Promise<string[]>

  /** Whether a role of the principal's, at any scope, on whatever condition, lets it give roles or change custom ones. */
  mayAssignRoles(principal: Principal): Promise<boolean>

  /** Assignments whose scope is `scope` or lies above it (`atScope`), or below it too. */
  listAssignments(filter: {
    readonly scope: string
    readonly includeBelow: boolean
    readonly principalId?: string
  }): Promise<RoleAssignment[]>
  findAssignment(scope: string, name: string): Promise<RoleAssignment | undefined>
  /**
   * @throws AssignmentExistsError when the same role is already given to the same principal at the same scope, or the name is in use.
   * @throws RoleNotAssignableError when there is no such role at this scope.
   */
  createAssignment(transaction: Transaction, assignment: NewRoleAssignment): Promise<RoleAssignment>
  /** Undefined when there is none of the name at the scope. */
  updateAssignment(
    transaction: Transaction,
    scope: string,
    name: string,
    change: AssignmentChange,
  ): Promise<RoleAssignment | undefined>
  deleteAssignment(transaction: Transaction, scope: string, name: string): Promise<RoleAssignment | undefined>
  /** How many hold the role at this very scope without a condition, as the transaction sees it. */
  countAssignments(transaction: Transaction, scope: string, roleDefinitionName: string): Promise<number>
  /** Ends every assignment at a scope or below it, when the resource is deleted. */
  deleteAssignmentsBelow(transaction: Transaction, scope: string): Promise<void>
  /** Ends every assignment of a principal that is deleted, and gives the subscriptions that have no owner left by that. */
  deleteAssignmentsOf(transaction: Transaction, principalId: string): Promise<string[]>
}

export type { Authorship } from './authorship.ts'
export {
  AssignmentExistsError,
  BuiltInRoleError,
  RoleInUseError,
  RoleLimitError,
  RoleNameTakenError,
  RoleNotAssignableError,
  ScopeMapInUseError,
} from './errors.ts'
export type { AllowedPrincipal, ConsideredAssignment, Explanation, RightInQuestion } from './explain.ts'
export {
  type DecisionRecord,
  type RecordedChange,
  failedBefore,
  recordActionDecision,
  recordDecision,
  withinLimit,
} from './decision-record.ts'
export { isAssignableAt } from './role-definitions.ts'
export { everyRight } from './repository-rights.ts'
export type { ScopeMap } from './scope-maps.ts'
export type { ScopedTokenProof } from './scoped-token-proof.ts'
export { type ScopedToken, type ScopedTokenPasswordName, scopedTokenPasswordNames } from './scoped-tokens.ts'
export { ownerRole } from './built-in-roles.ts'
export { createAccess } from './access.ts'
export { accessMigrations } from './migrations.ts'
