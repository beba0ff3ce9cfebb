import type { Clock } from '../platform/process/clock.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { AccessScope } from '../standards/oauth/access-scope.ts'
import { normalizeScope, scopeChain } from '../standards/azure/resource-id.ts'
import { judge, permits } from './assigned-role.ts'
import { createAssignedRoles } from './assigned-roles.ts'
import { ownerRole } from './built-in-roles.ts'
import { AssignmentExistsError, RoleNotAssignableError } from './errors.ts'
import { createExplainAction, type ExplainAction } from './explain-action.ts'
import { createExplain, type Explain } from './explain.ts'
import { createRegistryAccess } from './registry-access.ts'
import {
  type RegistryRights,
  allRights,
  anonymousRights,
  everyRepositoryAction,
  isRepositoryAction,
  noRights,
  rightsOfRoles,
} from './repository-rights.ts'
import { createRoleDefinitionStore } from './role-definition-store.ts'
import {
  createRoleDefinitions,
  findBuiltInRole,
  isAssignableAt,
  toRoleDefinition,
  type RoleDefinitions,
} from './role-definitions.ts'
import { type RoleUnion, createRoleUnion } from './role-union.ts'
import { type RoleAssignmentRow, createAccessStore } from './store.ts'
import type { NewRoleAssignment, Principal, RegistryInQuestion, RoleAssignment, AssignmentChange } from './model.ts'
import type { AssignmentFacts } from '../standards/conditions/role-condition-evaluation.ts'
import type { AnonymousAccess } from './anonymous-access.ts'
import type { ScopeMaps } from './scope-maps.ts'
import type { ScopedTokenSignIn } from './scoped-token-proof.ts'
import type { ScopedTokens } from './scoped-tokens.ts'

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
   * that it is about: `mayAssign` has to be asked then.
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

const noRoles = createRoleUnion([])

/** What gives somebody rights: whoever may do one of these may give themselves every other. */
const roleGiving = ['roleAssignments', 'roleDefinitions'].map(
  (type) => ({ kind: 'action', name: `Microsoft.Authorization/${type}/write` }) as const,
)

/** Opens the access room. */
export function createAccess({ database, clock }: { readonly database: Database; readonly clock: Clock }): Access {
  const store = createAccessStore(database)
  const { rightsOfToken, rightsOfAnybody, scopeMapOf, parts } = createRegistryAccess(database, clock)
  const roleDefinitionStore = createRoleDefinitionStore(database)
  const assigned = createAssignedRoles(database, clock, store)

  const unionOf = (principal: Principal, scope: string): RoleUnion | Promise<RoleUnion> =>
    principal.kind === 'directory' ? assigned.unionOf(principal, scope) : noRoles

  function rightsOf(principal: Principal, registry: RegistryInQuestion): RegistryRights | Promise<RegistryRights> {
    switch (principal.kind) {
      case 'anonymous':
        return registry.anonymousPullEnabled ? anonymousRights : rightsOfAnybody(registry.rid)
      case 'admin':
        return principal.rid === registry.rid && registry.adminUserEnabled ? allRights : noRights
      case 'scoped-token':
        return principal.rid === registry.rid ? rightsOfToken(principal.tokenId) : noRights
      case 'directory':
        return andThen(assigned.unionOf(principal, registry.id), (union) =>
          rightsOfRoles(union, registry.roleAssignmentMode),
        )
    }
  }

  /** Asked within the transaction: a role that is deleted meanwhile would be given for ever. */
  async function requireAssignable(transaction: Transaction, { roleDefinitionName, scope }: NewRoleAssignment) {
    if (findBuiltInRole(roleDefinitionName) !== undefined) return
    const row = await roleDefinitionStore.findWithin(transaction, roleDefinitionName)
    if (row === undefined || !isAssignableAt(toRoleDefinition(row), scope)) {
      throw new RoleNotAssignableError('there is no such role at this scope')
    }
  }

  return {
    ...parts,
    ...createRoleDefinitions(roleDefinitionStore, clock),
    ...createExplain({ store, assigned, rightsOf, scopeMapOf }),
    ...createExplainAction(assigned),

    allowedAccess: (principal, registry, asked) =>
      andThen(rightsOf(principal, registry), (rights) => asked.flatMap((scope) => allowedPart(rights, scope))),
    hasAssignment: (principal, registryId) =>
      andThen(unionOf(principal, registryId), ({ roles }) => roles.some(({ role }) => role !== undefined)),
    mayManage: (principal, action, scope) =>
      andThen(unionOf(principal, scope), (union) => union.allows({ kind: 'action', name: action }, undefined)),
    mayManageSome: async (principal, action, scope) => {
      const { roles } = await unionOf(principal, scope)
      const verdicts = roles.map((role) => judge(role, { kind: 'action', name: action }, undefined))
      return verdicts.some((verdict) => verdict === 'allows' || verdict === 'condition-cannot-be-evaluated')
    },
    mayAssign: async (principal, scope, assignment) => {
      const { roles } = await unionOf(principal, scope)
      const verb = assignment.source === 'Request' ? 'write' : 'delete'
      const need = { kind: 'action', name: `Microsoft.Authorization/roleAssignments/${verb}` } as const
      return roles.some((role) => judge(role, need, undefined, assignment) === 'allows')
    },
    scopesAllowing: async (principal, action) => {
      if (principal.kind !== 'directory') return []
      const need = { kind: 'action', name: action } as const
      const allowing = (await assigned.everywhere(principal)).filter(
        (role) => judge(role, need, undefined) === 'allows',
      )
      return [...new Set(allowing.map(({ assignment }) => normalizeScope(assignment.scope)))]
    },

    mayAssignRoles: async (principal) => {
      if (principal.kind !== 'directory') return false
      const held = await assigned.everywhere(principal)
      return held.some(({ role }) => role !== undefined && roleGiving.some((need) => permits(role, need)))
    },

    listAssignments: async ({ scope, includeBelow, principalId }) => {
      const at = await store.atScopes(scopeChain(scope), principalId)
      const below = includeBelow ? await store.below(normalizeScope(scope), principalId) : []
      return [...at, ...below].map(toAssignment)
    },
    findAssignment: async (scope, name) => {
      const row = await store.find(normalizeScope(scope), name.toLowerCase())
      return row === undefined ? undefined : toAssignment(row)
    },
    createAssignment: async (transaction, assignment) => {
      transaction.changesAuthority()
      await requireAssignable(transaction, assignment)
      const nowMs = clock.now()
      const name = assignment.name.toLowerCase()
      const left = { condition: null, conditionVersion: null, description: null }
      const times = { createdAtMs: nowMs, updatedAtMs: nowMs, updatedBy: assignment.createdBy }
      const made = { ...left, ...assignment, name, ...times }
      if (!(await store.insert(transaction, toRow(made)))) throw new AssignmentExistsError('the assignment exists')
      return made
    },
    updateAssignment: async (transaction, scope, name, { condition, conditionVersion, description, updatedBy }) => {
      transaction.changesAuthority()
      const row = await store.update(transaction, normalizeScope(scope), name.toLowerCase(), {
        condition,
        condition_version: conditionVersion,
        description,
        updated_at_ms: clock.now(),
        updated_by: updatedBy,
      })
      return row === undefined ? undefined : toAssignment(row)
    },
    deleteAssignment: async (transaction, scope, name) => {
      transaction.changesAuthority()
      const row = await store.remove(transaction, normalizeScope(scope), name.toLowerCase())
      return row === undefined ? undefined : toAssignment(row)
    },
    countAssignments: (transaction, scope, roleDefinitionName) =>
      store.countUnconditional(transaction, normalizeScope(scope), roleDefinitionName),
    deleteAssignmentsBelow: async (transaction, scope) => {
      transaction.changesAuthority()
      await store.removeBelow(transaction, normalizeScope(scope))
    },
    deleteAssignmentsOf: async (transaction, principalId) => {
      transaction.changesAuthority()
      const ownerless: string[] = []
      for (const { scope_key: scope, role_definition_name: role } of await store.removeOf(transaction, principalId)) {
        const isOwners = role === ownerRole && isSubscription(scope)
        if (isOwners && (await store.countUnconditional(transaction, scope, ownerRole)) === 0) ownerless.push(scope)
      }
      return ownerless
    },
  }
}

function isSubscription(scopeKey: string): boolean {
  return /^\/subscriptions\/[^/]+$/.test(scopeKey)
}

function allowedPart(rights: RegistryRights, { type, name, actions }: AccessScope): AccessScope[] {
  const allowed = allowedActions(rights, type, name, actions)
  return allowed.length === 0 ? [] : [{ type, name, actions: allowed }]
}

function allowedActions(rights: RegistryRights, type: string, name: string, asked: readonly string[]): string[] {
  switch (type) {
    case 'repository': {
      const wanted = asked.includes('*') ? everyRepositoryAction : asked
      return wanted.filter((action) => isRepositoryAction(action) && rights.allows(action, name))
    }
    case 'registry': {
      const isCatalog = name === 'catalog' || name === 'deleted_catalog'
      return isCatalog && asked.includes('*') && rights.allows(name, undefined) ? ['*'] : []
    }
    default:
      return []
  }
}

function toRow(assignment: RoleAssignment): RoleAssignmentRow {
  return {
    scope_key: normalizeScope(assignment.scope),
    name: assignment.name,
    scope: assignment.scope,
    role_definition_name: assignment.roleDefinitionName,
    principal_id: assignment.principalId,
    principal_type: assignment.principalType,
    condition: assignment.condition,
    condition_version: assignment.conditionVersion,
    created_at_ms: assignment.createdAtMs,
    created_by: assignment.createdBy,
    description: assignment.description,
    updated_at_ms: assignment.updatedAtMs,
    updated_by: assignment.updatedBy,
  }
}

function toAssignment(row: RoleAssignmentRow): RoleAssignment {
  return {
    name: row.name,
    scope: row.scope,
    roleDefinitionName: row.role_definition_name,
    principalId: row.principal_id,
    principalType: row.principal_type as RoleAssignment['principalType'],
    condition: row.condition,
    conditionVersion: row.condition_version,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    description: row.description,
    updatedAtMs: row.updated_at_ms ?? row.created_at_ms,
    updatedBy: row.updated_by ?? row.created_by,
  }
}
