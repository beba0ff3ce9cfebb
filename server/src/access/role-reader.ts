import type { RolePermissions } from '../standards/azure/role-permissions.ts'
import { findBuiltInRole } from './role-definitions.ts'
import type { GivenRoleRow } from './store.ts'
import type { RoleDefinition } from './model.ts'

/** What a decision needs of a role. */
export type GivenRole = Pick<RoleDefinition, 'name' | 'roleName' | 'permissions'>

type KnownRole = { readonly text: string; readonly role: GivenRole }

/** How many custom roles are kept as they were read; there may be as many. */
const keptRoles = 20_000

/** Finds the roles of assignments, and keeps a custom one as long as it says the same: it is read once, not once a revision. */
export function createRoleReader(): (row: GivenRoleRow) => GivenRole | undefined {
  const known = new Map<string, KnownRole>()
  return ({ role_definition_name: name, role_name: roleName, permissions: text }) => {
    if (roleName === null || text === null) return findBuiltInRole(name)
    const kept = known.get(name)
    if (kept?.text === text && kept.role.roleName === roleName) return kept.role
    const role = { name, roleName, permissions: JSON.parse(text) as RolePermissions[] }
    if (known.size >= keptRoles) known.clear()
    known.set(name, { text, role })
    return role
  }
}
