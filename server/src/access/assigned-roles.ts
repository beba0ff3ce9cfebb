import type { Clock } from '../platform/process/clock.ts'
import { AuthorityMemory, andThen } from '../platform/memory/authority-memory.ts'
import type { Database } from '../platform/sql/database.ts'
import { scopeChain } from '../standards/azure/resource-id.ts'
import { type AssignedRole, createConditionReader } from './assigned-role.ts'
import { createRoleReader } from './role-reader.ts'
import { type RoleUnion, createRoleUnion } from './role-union.ts'
import type { AccessStore, GivenRoleRow } from './store.ts'
import type { Principal } from './model.ts'

type DirectoryPrincipal = Principal & { readonly kind: 'directory' }
type UnionOfGroups = { readonly groupIds: readonly string[]; readonly union: RoleUnion }

/** How many roles are remembered, and how long a scope may be for that: registries' are far shorter. */
const memoryLimit = 200_000
const longestRememberedScope = 512

/** Finds the roles that somebody has at a scope, themselves and by groups, and remembers them until any right changes. */
export function createAssignedRoles(database: Database, clock: Clock, store: AccessStore) {
  // Whoever has no role is remembered too: every change of an assignment, an addition as well, moves the revision.
  const memory = new AuthorityMemory<readonly AssignedRole[]>(memoryLimit)
  const unions = new AuthorityMemory<UnionOfGroups>(memoryLimit)
  const readCondition = createConditionReader()
  const readRole = createRoleReader()

  const toAssignedRole = (row: GivenRoleRow): AssignedRole => ({
    assignment: {
      name: row.name,
      scope: row.scope,
      roleDefinitionName: row.role_definition_name,
      principalId: row.principal_id,
      principalType: row.principal_type as AssignedRole['assignment']['principalType'],
    },
    role: readRole(row),
    conditionText: row.condition,
    condition: readCondition(row.condition),
  })

  function rolesOfId(
    revision: number,
    id: string,
    scope: string,
  ): readonly AssignedRole[] | Promise<readonly AssignedRole[]> {
    const key = `${id} ${scope}`
    const known = memory.recall(revision, key, clock.now())
    if (known !== undefined) return known
    return andThen(store.rolesOn(id, scopeChain(scope)), (rows) => {
      const roles = rows.map(toAssignedRole)
      if (scope.length <= longestRememberedScope) memory.keep(revision, key, roles, Infinity, 1 + roles.length)
      return roles
    })
  }

  /** The roles that somebody has at a scope or above it. */
  function unionOf({ objectId, groupIds }: DirectoryPrincipal, scope: string): RoleUnion | Promise<RoleUnion> {
    return andThen(database.authorityRevision(), (revision) => {
      const key = `${objectId} ${scope}`
      const known = unions.recall(revision, key, clock.now())
      if (known !== undefined && areSame(known.groupIds, groupIds)) return known.union
      const keep = (roles: readonly AssignedRole[]): RoleUnion => {
        const union = createRoleUnion(roles)
        if (scope.length <= longestRememberedScope) {
          unions.keep(revision, key, { groupIds, union }, Infinity, 1 + roles.length)
        }
        return union
      }
      const own = rolesOfId(revision, objectId, scope)
      if (groupIds.length === 0) return andThen(own, keep)
      return Promise.all([own, ...groupIds.map((id) => rolesOfId(revision, id, scope))]).then((all) => keep(all.flat()))
    })
  }

  /** Every role that somebody has, wherever. */
  async function everywhere({ objectId, groupIds }: DirectoryPrincipal): Promise<readonly AssignedRole[]> {
    const roles: AssignedRole[] = []
    for (const id of [objectId, ...groupIds]) {
      for (const row of await store.rolesOf(id)) roles.push(toAssignedRole(row))
    }
    return roles
  }

  return { unionOf, everywhere, toAssignedRole }
}

/** The directory gives the same list as long as it stands, so that they are compared one by one only when it does not. */
function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((id, index) => id === other[index]))
}
