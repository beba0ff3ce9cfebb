import type { Clock } from '../../platform/process/clock.ts'
import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Database } from '../../platform/sql/database.ts'
import { normalizeScope, scopeChain } from '@acrux/shared/standards/azure/resource-id.ts'
import { createConditionReader } from '../conditions/condition-reader.ts'
import type { AssignedRole, JudgedRole } from './assigned-role.ts'
import type { Counting } from './assignment-delay.ts'
import { createRoleReader } from './role-reader.ts'
import { type RoleUnion, createRoleUnion } from './role-union.ts'
import type { RoleAssignmentStore } from './role-assignment-store.ts'
import type { AssignedRoleRow, PrincipalRoleRow } from './rows.ts'
import type { Principal } from '../rights/model.ts'

type DirectoryPrincipal = Principal & { readonly kind: 'directory' }
type UnionOfGroups = { readonly groupIds: readonly string[]; readonly union: RoleUnion }

/**
 * The number of cached roles, and the maximum length of a cached scope. The scopes of registries are far shorter. A
 * decision takes 4 µs with a cached union, and 31 µs without. With 20 groups, a decision takes 135 µs with cached
 * roles, and 430 µs without.
 */
const maxCachedRoles = 200_000
const maxCachedScopeLength = 512

/**
 * Finds the roles of a principal and its groups at a scope, cached until any right changes. With `counting`, decisions
 * ignore some assignments, and still include some deleted assignments.
 */
export function createAssignedRoles(database: Database, clock: Clock, store: RoleAssignmentStore, counting?: Counting) {
  // Principals without roles are also cached, because every change of assignments, including a new assignment, moves
  // the revision.
  const rolesById = new RevisionCache<readonly AssignedRole[]>(maxCachedRoles, (roles) => 1 + roles.length)
  const unions = new RevisionCache<UnionOfGroups>(maxCachedRoles, ({ union }) => 1 + union.roles.length)
  const readCondition = createConditionReader()
  const readRole = createRoleReader()

  const toGivenRole = (row: PrincipalRoleRow): JudgedRole => ({
    role: readRole(row),
    condition: readCondition(row.condition),
  })

  const toAssignedRole = (row: AssignedRoleRow): AssignedRole => ({
    assignment: {
      name: row.name,
      scope: row.scope,
      roleDefinitionName: row.role_definition_name,
      principalId: row.principal_id,
      principalType: row.principal_type as AssignedRole['assignment']['principalType'],
    },
    ...toGivenRole(row),
    conditionText: row.condition,
  })

  async function rolesOfId(revision: number, id: string, scope: string): Promise<readonly AssignedRole[]> {
    const key = `${id} ${scope}`
    const known = rolesById.get(revision, key, clock.now())
    if (known !== undefined) return known
    const roles = (await store.rolesOn(id, scopeChain(scope))).map(toAssignedRole)
    if (scope.length <= maxCachedScopeLength) rolesById.set(revision, key, roles, Infinity)
    return roles
  }

  /** The roles that count. `isAsked` says whether the decision is about the scope of a deleted assignment. */
  function counted(
    roles: readonly AssignedRole[],
    { objectId, groupIds }: DirectoryPrincipal,
    isAsked: (scope: string) => boolean,
  ): readonly AssignedRole[] {
    if (counting === undefined) return roles
    const deleted = [objectId, ...groupIds].flatMap((id) => counting.deletedOf(id, objectId))
    const asked = deleted.filter(({ scope }) => isAsked(normalizeScope(scope))).map(toAssignedRole)
    return [...roles, ...asked].filter((role) => counting.counts(role, objectId))
  }

  /** The roles of a principal at a scope and above the scope. */
  async function unionOf(principal: DirectoryPrincipal, scope: string): Promise<RoleUnion> {
    const { objectId, groupIds } = principal
    const revision = await database.authorityRevision()
    const key = `${objectId} ${scope}`
    const known = unions.get(revision, key, clock.now())
    if (known !== undefined && areSame(known.groupIds, groupIds)) return known.union
    const roles = await Promise.all([objectId, ...groupIds].map((id) => rolesOfId(revision, id, scope)))
    const chain: readonly string[] = scopeChain(scope)
    const union = createRoleUnion(counted(roles.flat(), principal, (each) => chain.includes(each)))
    if (scope.length <= maxCachedScopeLength) unions.set(revision, key, { groupIds, union }, Infinity)
    return union
  }

  /** Every role of a principal, at any scope. */
  async function everywhere(principal: DirectoryPrincipal): Promise<readonly AssignedRole[]> {
    const roles: AssignedRole[] = []
    for (const id of [principal.objectId, ...principal.groupIds]) {
      for (const row of await store.rolesOf(id)) roles.push(toAssignedRole(row))
    }
    return counted(roles, principal, () => true)
  }

  return { unionOf, everywhere, toGivenRole, toAssignedRole }
}

export type AssignedRoles = ReturnType<typeof createAssignedRoles>

/** The directory returns the same array until the groups change, so comparing the elements is rare. */
function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((id, index) => id === other[index]))
}
