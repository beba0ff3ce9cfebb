import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { isWithinScope } from '@acrux/shared/standards/azure/resource-id.ts'
import type { RolePermissions } from '@acrux/shared/standards/azure/role-permissions.ts'
import { builtInRoles } from './built-in-roles.ts'
import { BuiltInRoleError, RoleInUseError, RoleLimitError, RoleNameTakenError } from './errors.ts'
import type { RoleDefinitionStore } from './role-definition-store.ts'
import type { RoleDefinitionRow } from './rows.ts'
import type { NewRoleDefinition, RoleDefinition } from './model.ts'

/** How many custom roles a tenant may have. [Azure RBAC limits] */
const maxRoleDefinitions = 5000

const builtInByKey = new Map(
  builtInRoles.flatMap((role) => [[role.name, role] as const, [role.roleName.toLowerCase(), role] as const]),
)

/** A built-in role by its GUID or its name, in lower case. */
export function findBuiltInRole(key: string): RoleDefinition | undefined {
  return builtInByKey.get(key)
}

/** Whether a role may be assigned at a scope: at an assignable scope of the role, or below such a scope. */
export function isAssignableAt({ assignableScopes }: RoleDefinition, scope: string): boolean {
  return assignableScopes.some((assignable) => isWithinScope(scope, assignable))
}

/** Role definitions: built-in roles, which never change, and custom roles. */
export interface RoleDefinitions {
  /** Built-in roles first. */
  listRoleDefinitions(): Promise<RoleDefinition[]>
  /** By GUID or name, case-insensitively. */
  findRoleDefinition(nameOrRoleName: string): Promise<RoleDefinition | undefined>
  /**
   * Creates a custom role, or changes the role with the GUID.
   *
   * @throws RoleNameTakenError, BuiltInRoleError, RoleLimitError; RoleInUseError if an existing assignment would become
   * invalid
   */
  putRoleDefinition(
    transaction: Transaction,
    definition: NewRoleDefinition,
  ): Promise<{ readonly role: RoleDefinition; readonly isNew: boolean }>
  /**
   * Undefined if the role does not exist.
   *
   * @throws RoleInUseError, BuiltInRoleError
   */
  deleteRoleDefinition(transaction: Transaction, name: string): Promise<RoleDefinition | undefined>
}

/** Creates the role definitions. */
export function createRoleDefinitions(store: RoleDefinitionStore, clock: Clock): RoleDefinitions {
  return {
    listRoleDefinitions: async () => [...builtInRoles, ...(await store.list()).map(toRoleDefinition)],
    findRoleDefinition: async (nameOrRoleName) => {
      const key = nameOrRoleName.toLowerCase()
      const builtIn = findBuiltInRole(key)
      if (builtIn !== undefined) return builtIn
      // A GUID is never looked up as a name: another role could have this GUID as its name.
      const row = await store.find(parseGuid(key) === undefined ? 'role_name_key' : 'name', key)
      return row === undefined ? undefined : toRoleDefinition(row)
    },

    putRoleDefinition: async (transaction, definition) => {
      transaction.changesAuthority()
      const name = definition.name.toLowerCase()
      const key = definition.roleName.toLowerCase()
      if (findBuiltInRole(name) !== undefined) throw new BuiltInRoleError('a built-in role')
      const present = await store.findWithin(transaction, name)
      const named = await store.nameOf(transaction, key)
      if (findBuiltInRole(key) !== undefined || (named !== undefined && named !== name)) {
        throw new RoleNameTakenError('another role already has the name')
      }
      const nowMs = clock.now()
      const row: RoleDefinitionRow = {
        name,
        role_name_key: key,
        role_name: definition.roleName,
        description: definition.description,
        permissions: JSON.stringify(definition.permissions),
        assignable_scopes: JSON.stringify(definition.assignableScopes),
        created_at_ms: present?.created_at_ms ?? nowMs,
        created_by: present?.created_by ?? definition.author,
        updated_at_ms: nowMs,
        updated_by: definition.author,
      }
      const role = toRoleDefinition(row)
      if (present === undefined) {
        if ((await store.count(transaction)) >= maxRoleDefinitions) throw new RoleLimitError('too many custom roles')
        await store.insert(transaction, row)
      } else {
        const given = await store.scopesOfAssignments(transaction, name)
        if (!given.every((scope) => isAssignableAt(role, scope)))
          throw new RoleInUseError('the role is assigned outside its assignable scopes')
        await store.update(transaction, row)
      }
      return { role, isNew: present === undefined }
    },

    deleteRoleDefinition: async (transaction, nameText) => {
      transaction.changesAuthority()
      const name = nameText.toLowerCase()
      if (findBuiltInRole(name) !== undefined) throw new BuiltInRoleError('a built-in role')
      const row = await store.findWithin(transaction, name)
      if (row === undefined) return undefined
      if ((await store.scopesOfAssignments(transaction, name)).length > 0)
        throw new RoleInUseError('the role is assigned')
      await store.remove(transaction, name)
      return toRoleDefinition(row)
    },
  }
}

/** Converts a row into a role. */
export function toRoleDefinition(row: RoleDefinitionRow): RoleDefinition {
  return {
    name: row.name,
    roleName: row.role_name,
    type: 'CustomRole',
    description: row.description,
    assignableScopes: JSON.parse(row.assignable_scopes) as string[],
    permissions: JSON.parse(row.permissions) as RolePermissions[],
    history: {
      createdAtMs: row.created_at_ms,
      createdBy: row.created_by,
      updatedAtMs: row.updated_at_ms,
      updatedBy: row.updated_by,
    },
  }
}
