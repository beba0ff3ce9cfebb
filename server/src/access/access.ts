import type { Clock } from '../platform/clock.ts'
import { AuthorityMemory, andThen } from '../platform/sql/authority-memory.ts'
import type { Database } from '../platform/sql/database.ts'
import type { AccessScope } from '../spec/access-scope.ts'
import { normalizeScope, scopeChain } from '../spec/resource-id.ts'
import { permitsAction } from '../spec/role-permissions.ts'
import { builtInRoles, ownerRole } from './built-in-roles.ts'
import { AssignmentExistsError } from './errors.ts'
import type { Access, Principal, RegistryInQuestion, RoleAssignment, RoleDefinition } from './index.ts'
import {
  type RegistryRights,
  allRights,
  anonymousRights,
  noRights,
  rightsOfRole,
  uniteRights,
} from './repository-rights.ts'
import type { RightsByRepository } from './scope-map-rights.ts'
import { createScopeMapStore } from './scope-map-store.ts'
import { createScopeMaps } from './scope-maps.ts'
import { createScopedTokenSignIn } from './scoped-token-proof.ts'
import { createScopedTokenStore } from './scoped-token-store.ts'
import { createScopedTokens } from './scoped-tokens.ts'
import { type GivenRole, type RoleAssignmentRow, createAccessStore } from './store.ts'

type RoleList = readonly RoleDefinition[]

/** How many pairs of an id and a scope are remembered, and how long such a scope may be: registries' are far shorter. */
const memoryLimit = 50_000
const longestRememberedScope = 512

/** Opens the access room. */
export function createAccess({ database, clock }: { readonly database: Database; readonly clock: Clock }): Access {
  const store = createAccessStore(database)
  const scopeMapStore = createScopeMapStore(database)
  const scopedTokenStore = createScopedTokenStore(database)
  const { rightsOfToken, ...scopedTokenSignIn } = createScopedTokenSignIn(database, scopedTokenStore, clock)
  // Whoever has no role is remembered too: every change of an assignment, an addition as well, moves the revision.
  const memory = new AuthorityMemory<RoleList>(memoryLimit)

  /** The roles that one id has at a scope or above it, remembered until any assignment changes. */
  function rolesOfId(revision: number, id: string, scope: string): RoleList | Promise<RoleList> {
    const key = `${id} ${scope}`
    const known = memory.recall(revision, key, clock.now())
    if (known !== undefined) return known
    return andThen(store.rolesOn(id, scopeChain(scope)), (given) => {
      const roles = given.flatMap(effectiveRole)
      if (scope.length <= longestRememberedScope) memory.keep(revision, key, roles, Infinity)
      return roles
    })
  }

  function rolesOf(principal: Principal, scope: string): RoleList | Promise<RoleList> {
    if (principal.kind !== 'directory') return []
    const { objectId, groupIds } = principal
    return andThen(database.authorityRevision(), (revision) => {
      const own = rolesOfId(revision, objectId, scope)
      if (groupIds.length === 0) return own
      return Promise.all([own, ...groupIds.map((id) => rolesOfId(revision, id, scope))]).then((all) => all.flat())
    })
  }

  function rightsOf(
    principal: Principal,
    registry: RegistryInQuestion,
  ): RegistryRights | RightsByRepository | Promise<RegistryRights | RightsByRepository> {
    switch (principal.kind) {
      case 'anonymous':
        return registry.anonymousPullEnabled ? anonymousRights : noRights
      case 'admin':
        return principal.rid === registry.rid && registry.adminUserEnabled ? allRights : noRights
      case 'scoped-token':
        return principal.rid === registry.rid ? rightsOfToken(principal.tokenId) : noRights
      case 'directory':
        return andThen(rolesOf(principal, registry.id), (roles) =>
          uniteRights(roles.map((role) => rightsOfRole(role, registry.roleAssignmentMode))),
        )
    }
  }

  return {
    ...scopedTokenSignIn,
    scopeMaps: createScopeMaps(scopeMapStore, clock, (transaction, rid, key) =>
      scopedTokenStore.namesWithScopeMap(transaction, rid, key),
    ),
    scopedTokens: createScopedTokens(scopedTokenStore, clock),
    deleteRegistryAccess: async (transaction, rid) => {
      transaction.changesAuthority()
      await scopedTokenStore.removeOf(transaction, rid)
      await scopeMapStore.removeOf(transaction, rid)
    },

    allowedAccess: (principal, registry, asked) =>
      andThen(rightsOf(principal, registry), (rights) =>
        asked.flatMap((scope) => allowedPart(typeof rights === 'function' ? rights(scope.name) : rights, scope)),
      ),
    hasAssignment: async (principal, registryId) => (await rolesOf(principal, registryId)).length > 0,
    mayManage: async (principal, action, scope) =>
      (await rolesOf(principal, scope)).some((role) => permitsAction(role.permissions, action)),
    scopesAllowing: async (principal, action) => {
      if (principal.kind !== 'directory') return []
      const scopes = new Set<string>()
      for (const id of [principal.objectId, ...principal.groupIds]) {
        for (const row of await store.scopesOf(id)) {
          const allows = effectiveRole(row).some((role) => permitsAction(role.permissions, action))
          if (allows) scopes.add(row.scope_key)
        }
      }
      return [...scopes]
    },

    listRoleDefinitions: () => [...builtInRoles],
    findRoleDefinition: (nameOrRoleName) => rolesByKey.get(nameOrRoleName.toLowerCase()),
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
      const made = { ...assignment, name: assignment.name.toLowerCase(), createdAtMs: clock.now() }
      if (!(await store.insert(transaction, toRow(made)))) throw new AssignmentExistsError('the assignment exists')
      return made
    },
    deleteAssignment: async (transaction, scope, name) => {
      transaction.changesAuthority()
      const row = await store.remove(transaction, normalizeScope(scope), name.toLowerCase())
      return row === undefined ? undefined : toAssignment(row)
    },
    countAssignments: (transaction, scope, roleDefinitionName) =>
      store.count(transaction, normalizeScope(scope), roleDefinitionName),
    deleteAssignmentsBelow: async (transaction, scope) => {
      transaction.changesAuthority()
      await store.removeBelow(transaction, normalizeScope(scope))
    },
    deleteAssignmentsOf: async (transaction, principalId) => {
      transaction.changesAuthority()
      const ownerless: string[] = []
      for (const { scope_key: scope, role_definition_name: role } of await store.removeOf(transaction, principalId)) {
        const isOwners = role === ownerRole && isSubscription(scope)
        if (isOwners && (await store.count(transaction, scope, ownerRole)) === 0) ownerless.push(scope)
      }
      return ownerless
    },
  }
}

const rolesByKey = new Map(
  builtInRoles.flatMap((role) => [[role.name, role] as const, [role.roleName.toLowerCase(), role] as const]),
)

function isSubscription(scopeKey: string): boolean {
  return /^\/subscriptions\/[^/]+$/.test(scopeKey)
}

/** The role that an assignment gives. One with a condition gives nothing: what cannot be evaluated is not met. */
function effectiveRole({ role_definition_name, condition }: GivenRole): RoleDefinition[] {
  const role = rolesByKey.get(role_definition_name)
  return role === undefined || condition !== null ? [] : [role]
}

function allowedPart(rights: RegistryRights, { type, name, actions }: AccessScope): AccessScope[] {
  const allowed = allowedActions(rights, type, name, actions)
  return allowed.length === 0 ? [] : [{ type, name, actions: allowed }]
}

function allowedActions(rights: RegistryRights, type: string, name: string, asked: readonly string[]): string[] {
  switch (type) {
    case 'repository': {
      const wanted = asked.includes('*') ? [...rights.repository].filter((action) => action !== 'untag').sort() : asked
      return wanted.filter((action) => rights.repository.has(action))
    }
    case 'registry': {
      const allowed = name === 'catalog' ? rights.catalog : name === 'deleted_catalog' && rights.deletedCatalog
      return allowed && asked.includes('*') ? ['*'] : []
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
  }
}
