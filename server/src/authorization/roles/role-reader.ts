import { LRUCache } from 'lru-cache'
import type { RolePermissions } from '@acrux/shared/standards/azure/role-permissions.ts'
import { findBuiltInRole } from './role-definitions.ts'
import type { PrincipalRoleRow } from './rows.ts'
import type { RoleDefinition } from './model.ts'

/** The part of a role that decisions need. */
export type GivenRole = Pick<RoleDefinition, 'name' | 'roleName' | 'permissions'>

/**
 * The number of cached characters of parsed permissions, which is enough for 5,000 large custom roles. Parsing a role
 * takes 4 µs.
 */
const maxCachedCharacters = 16_000_000

/**
 * Creates a parser of the roles of assignments. The permissions of custom roles are cached by their text, across all
 * revisions of authority, so that assignments of one role share the parsed permissions.
 */
export function createRoleReader(): (row: PrincipalRoleRow) => GivenRole | undefined {
  const parsed = new LRUCache<string, readonly RolePermissions[]>({
    maxSize: maxCachedCharacters,
    sizeCalculation: (_permissions, text) => 1 + text.length,
    memoMethod: (text) => JSON.parse(text) as RolePermissions[],
  })
  return ({ role_definition_name: name, role_name: roleName, permissions }) =>
    roleName === null || permissions === null
      ? findBuiltInRole(name)
      : { name, roleName, permissions: parsed.memo(permissions) }
}
