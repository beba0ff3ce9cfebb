import type { RolePermissions } from '../../standards/azure/role-permissions.ts'
import { findBuiltInRole } from './role-definitions.ts'
import type { AssignedRoleRow } from './rows.ts'
import type { RoleDefinition } from './model.ts'

/** The part of a role that decisions need. */
export type GivenRole = Pick<RoleDefinition, 'name' | 'roleName' | 'permissions'>

type KnownRole = { readonly text: string; readonly role: GivenRole }

/** How many parsed custom roles are cached: more than a tenant may have. */
const maxCachedRoles = 20_000

/** Creates a parser of the roles of assignments. Custom roles are cached by their text, across all revisions of authority. */
export function createRoleReader(): (row: AssignedRoleRow) => GivenRole | undefined {
  const known = new Map<string, KnownRole>()
  return ({ role_definition_name: name, role_name: roleName, permissions: text }) => {
    if (roleName === null || text === null) return findBuiltInRole(name)
    const kept = known.get(name)
    if (kept?.text === text && kept.role.roleName === roleName) return kept.role
    const role = { name, roleName, permissions: JSON.parse(text) as RolePermissions[] }
    if (known.size >= maxCachedRoles) known.clear()
    known.set(name, { text, role })
    return role
  }
}
