import type { Kysely } from 'kysely'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { RoleDefinitionRow } from './role-definition-store.ts'

export type RoleAssignmentRow = {
  /** The scope in lower case, without a trailing slash. */
  readonly scope_key: string
  readonly name: string
  readonly scope: string
  readonly role_definition_name: string
  readonly principal_id: string
  readonly principal_type: string
  readonly condition: string | null
  readonly condition_version: string | null
  readonly created_at_ms: number
  readonly created_by: string
  readonly description: string | null
  /** Null as long as it was not changed. */
  readonly updated_at_ms: number | null
  readonly updated_by: string | null
}

/** What a decision needs of an assignment, with the custom role that it gives; of a built-in one that is null. */
export type GivenRoleRow = Pick<
  RoleAssignmentRow,
  'name' | 'scope' | 'role_definition_name' | 'principal_id' | 'principal_type' | 'condition'
> & { readonly role_name: string | null; readonly permissions: string | null }

type AccessTables = { role_assignment: RoleAssignmentRow; role_definition: RoleDefinitionRow }

/** Everything that begins with `prefix`, as a half-open range of byte order, which an index can serve. */
function startsWith(prefix: string): readonly [string, string] {
  return [prefix, `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`]
}

function givenRoles(tables: Kysely<AccessTables>) {
  return tables
    .selectFrom('role_assignment')
    .leftJoin('role_definition', 'role_definition.name', 'role_definition_name')
    .select(['role_assignment.name', 'scope', 'role_definition_name', 'principal_id', 'principal_type', 'condition'])
    .select(['role_name', 'permissions'])
}

/** The SQL of role assignments. */
export function createAccessStore(database: Database) {
  const read = () => database.tables<AccessTables>()
  const within = (transaction: Transaction) => transaction.tables<AccessTables>()
  const rolesOn = database.prepare<
    AccessTables,
    { principal: string; root: string; subscription: string; group: string; resource: string },
    GivenRoleRow
  >(['principal', 'root', 'subscription', 'group', 'resource'], (tables, p) =>
    givenRoles(tables)
      .where('principal_id', '=', p.principal)
      .where('scope_key', 'in', [p.root, p.subscription, p.group, p.resource]),
  )
  const rolesOf = database.prepare<AccessTables, { principal: string }, GivenRoleRow>(['principal'], (tables, p) =>
    givenRoles(tables).where('principal_id', '=', p.principal),
  )

  return {
    /** The roles that a principal has at one of at most four scopes, which are the chain of one resource. */
    rolesOn: (principal: string, chain: readonly string[]) =>
      rolesOn.all({
        principal,
        root: chain[0] ?? '',
        subscription: chain[1] ?? '',
        group: chain[2] ?? '',
        resource: chain[3] ?? '',
      }),
    rolesOf: (principal: string) => rolesOf.all({ principal }),
    /** What anybody has at these scopes. */
    givenAt: (scopeKeys: readonly string[]): Promise<GivenRoleRow[]> =>
      givenRoles(read())
        .where('scope_key', 'in', [...scopeKeys])
        .orderBy('principal_id')
        .orderBy('scope_key')
        .execute(),

    atScopes: (scopeKeys: readonly string[], principalId: string | undefined) => {
      const rows = read()
        .selectFrom('role_assignment')
        .selectAll()
        .where('scope_key', 'in', [...scopeKeys])
      return (principalId === undefined ? rows : rows.where('principal_id', '=', principalId))
        .orderBy('scope_key')
        .orderBy('name')
        .execute()
    },
    below: (scopeKey: string, principalId: string | undefined) => {
      const [from, to] = startsWith(scopeKey === '/' ? '/' : `${scopeKey}/`)
      const rows = read()
        .selectFrom('role_assignment')
        .selectAll()
        .where('scope_key', '>=', from)
        .where('scope_key', '<', to)
        .where('scope_key', '!=', scopeKey)
      return (principalId === undefined ? rows : rows.where('principal_id', '=', principalId))
        .orderBy('scope_key')
        .orderBy('name')
        .execute()
    },
    find: (scopeKey: string, name: string) =>
      read()
        .selectFrom('role_assignment')
        .selectAll()
        .where('scope_key', '=', scopeKey)
        .where('name', '=', name)
        .executeTakeFirst(),
    /** Gives false when the name is in use or the principal has the role at the scope already. */
    insert: async (transaction: Transaction, row: RoleAssignmentRow) => {
      const result = await within(transaction)
        .insertInto('role_assignment')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    update: (
      transaction: Transaction,
      scopeKey: string,
      name: string,
      change: Pick<
        RoleAssignmentRow,
        'condition' | 'condition_version' | 'description' | 'updated_at_ms' | 'updated_by'
      >,
    ) =>
      within(transaction)
        .updateTable('role_assignment')
        .set(change)
        .where('scope_key', '=', scopeKey)
        .where('name', '=', name)
        .returningAll()
        .executeTakeFirst(),
    remove: (transaction: Transaction, scopeKey: string, name: string) =>
      within(transaction)
        .deleteFrom('role_assignment')
        .where('scope_key', '=', scopeKey)
        .where('name', '=', name)
        .returningAll()
        .executeTakeFirst(),
    countUnconditional: async (transaction: Transaction, scopeKey: string, roleDefinitionName: string) => {
      const { held } = await within(transaction)
        .selectFrom('role_assignment')
        .select((select) => select.fn.countAll<number>().as('held'))
        .where('scope_key', '=', scopeKey)
        .where('role_definition_name', '=', roleDefinitionName)
        .where('condition', 'is', null)
        .executeTakeFirstOrThrow()
      return held
    },
    removeBelow: async (transaction: Transaction, scopeKey: string) => {
      const [from, to] = startsWith(`${scopeKey}/`)
      const tables = within(transaction)
      await tables.deleteFrom('role_assignment').where('scope_key', '=', scopeKey).execute()
      await tables.deleteFrom('role_assignment').where('scope_key', '>=', from).where('scope_key', '<', to).execute()
    },
    removeOf: (transaction: Transaction, principalId: string) =>
      within(transaction)
        .deleteFrom('role_assignment')
        .where('principal_id', '=', principalId)
        .returning(['scope_key', 'role_definition_name'])
        .execute(),
  }
}

export type AccessStore = ReturnType<typeof createAccessStore>
