import { useQuery } from '@tanstack/react-query'
import type { HeldRole } from '../../../../cli/src/acr/permission/mode-changes.ts'
import { listAssignments, listRoles } from '../../api/access.ts'
import { type Principal, namePrincipals } from '../../api/principals.ts'
import type { RoleAssignment, RoleDefinition } from '../../api/types.ts'

/** A role assignment with the names in it. */
export type NamedAssignment = {
  readonly id: string
  readonly scope: string
  /** Whether it was made at a scope above the registry. */
  readonly isInherited: boolean
  readonly principalId: string
  readonly principalType: RoleAssignment['properties']['principalType']
  /** Undefined if the person may not see the principal. */
  readonly principal: Principal | undefined
  readonly roleDefinitionId: string
  /** Undefined if the role no longer exists. */
  readonly role: RoleDefinition | undefined
  readonly condition: string | null
  readonly description: string | null
}

export type Access = { readonly assignments: readonly NamedAssignment[]; readonly roles: readonly RoleDefinition[] }

export const accessKey = (registryId: string) => ['access', registryId] as const

/** The role assignments of a registry, the roles that can be assigned there, and the names of the principals. */
export function useAccess(registryId: string) {
  return useQuery({
    queryKey: accessKey(registryId),
    queryFn: async ({ signal }): Promise<Access> => {
      const [assignments, roles] = await Promise.all([
        listAssignments(registryId, signal),
        listRoles(registryId, signal),
      ])
      const ids = assignments.map(({ properties }) => properties.principalId)
      const principals = await namePrincipals(ids, signal)
      const byName = new Map(roles.map((role) => [role.name, role]))
      const named = assignments.map(({ id, properties }): NamedAssignment => {
        const { scope, principalId, principalType, roleDefinitionId, condition, description } = properties
        return {
          id,
          scope,
          isInherited: scope.toLowerCase() !== registryId.toLowerCase(),
          principalId,
          principalType,
          principal: principals.get(principalId),
          roleDefinitionId,
          role: byName.get(roleDefinitionId.split('/').at(-1) ?? ''),
          condition,
          description,
        }
      })
      return { roles, assignments: named.toSorted(inOrder) }
    },
  })
}

/** The assignments of the registry itself first, then by name. */
function inOrder(one: NamedAssignment, other: NamedAssignment): number {
  if (one.isInherited !== other.isInherited) return one.isInherited ? 1 : -1
  return nameOf(one).localeCompare(nameOf(other))
}

/** The name of the principal of an assignment; the object id if the person may not see it. */
export function nameOf({ principal, principalId }: Pick<NamedAssignment, 'principal' | 'principalId'>): string {
  return principal?.name ?? principalId
}

/** The assignments as the rules of modes read them. */
export function heldRoles(assignments: readonly NamedAssignment[]): readonly HeldRole[] {
  return assignments.map(({ principalId, role, condition }) => ({
    principalId,
    roleName: role?.properties.roleName ?? '',
    condition,
    permissions: role?.properties.permissions ?? [],
  }))
}
