import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { RoleDefinitionRow, RoleAssignmentRow, AssignedRoleRow, PrincipalRoleRow } from './rows.ts'

type Tables = { role_assignment: RoleAssignmentRow; role_definition: RoleDefinitionRow }

/** All texts with a prefix, as a half-open range in byte order, which an index can serve. */
function startsWith(prefix: string): readonly [string, string] {
  return [prefix, `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`]
}

function principalRoles(tables: Kysely<Tables>) {
  return tables
    .selectFrom('role_assignment')
    .leftJoin('role_definition', 'role_definition.name', 'role_definition_name')
    .select(['role_definition_name', 'principal_id', 'principal_type', 'condition', 'role_name', 'permissions'])
}

function assignedRoles(tables: Kysely<Tables>) {
  return principalRoles(tables).select(['role_assignment.name', 'scope'])
}

/** The SQL of role assignments. */
export function createRoleAssignmentStore(database: Database) {
  return { ...decisionReads(database), ...managementReads(database), ...writes }
}

export type RoleAssignmentStore = ReturnType<typeof createRoleAssignmentStore>

function within(transaction: Transaction) {
  return transaction.tables<Tables>()
}

function decisionReads(database: Database) {
  const rolesOn = database.prepare<
    Tables,
    { principal: string; root: string; subscription: string; group: string; resource: string },
    AssignedRoleRow
  >(['principal', 'root', 'subscription', 'group', 'resource'], (tables, p) =>
    assignedRoles(tables)
      .where('principal_id', '=', p.principal)
      .where('scope_key', 'in', [p.root, p.subscription, p.group, p.resource]),
  )
  const rolesOf = database.prepare<Tables, { principal: string }, AssignedRoleRow>(['principal'], (tables, p) =>
    assignedRoles(tables).where('principal_id', '=', p.principal),
  )

  return {
    /**
     * The roles of a principal at the scopes of one resource: the resource itself and its parents, at most four scopes.
     */
    rolesOn: (principal: string, chain: readonly string[]) =>
      rolesOn.all({
        principal,
        root: chain[0] ?? '',
        subscription: chain[1] ?? '',
        group: chain[2] ?? '',
        resource: chain[3] ?? '',
      }),
    rolesOf: (principal: string) => rolesOf.all({ principal }),
  }
}

/** The place of an assignment in a list. */
export type Place = { readonly scopeKey: string; readonly name: string }

/** Selects a part of a list. Without principals, the assignments of all principals are read. */
type ListPart = {
  readonly principalIds?: readonly string[] | undefined
  readonly roleDefinitionName?: string | undefined
  readonly limit?: number | undefined
}

type Rows = SelectQueryBuilder<Tables, 'role_assignment', RoleAssignmentRow>

/**
 * How many principals one statement selects. The cost per principal grows with this number, and SQLite accepts 500
 * principals.
 */
const maxPrincipals = 100

/** Reads a part in the order of scopes and names. */
async function readPart(
  tables: Kysely<Tables>,
  { principalIds, roleDefinitionName, limit }: ListPart,
  within: (rows: Rows) => Rows,
): Promise<RoleAssignmentRow[]> {
  const all = within(tables.selectFrom('role_assignment').selectAll())
  const rows = roleDefinitionName === undefined ? all : all.where('role_definition_name', '=', roleDefinitionName)
  const part = (some: Rows) => {
    const ordered = some.orderBy('scope_key').orderBy('name')
    return limit === undefined ? ordered : ordered.limit(limit)
  }
  if (principalIds === undefined) return part(rows).execute()
  const parts: RoleAssignmentRow[][] = []
  for (let from = 0; from < principalIds.length; from += maxPrincipals) {
    // Each principal has a separate part of the statement. With `in`, the database would read and sort all rows of the
    // principals.
    const each = principalIds
      .slice(from, from + maxPrincipals)
      .map((id) => tables.selectFrom(part(rows.where('principal_id', '=', id)).as('role_assignment')).selectAll())
    parts.push(await part(each.reduce((some, more) => some.unionAll(more))).execute())
  }
  return parts.length === 1 ? parts.flat() : parts.flat().toSorted(compareKeys).slice(0, limit)
}

function compareKeys(one: RoleAssignmentRow, other: RoleAssignmentRow): number {
  if (one.scope_key !== other.scope_key) return one.scope_key < other.scope_key ? -1 : 1
  return one.name < other.name ? -1 : 1
}

/**
 * The assignments below a scope, starting at a position below the scope. With two lower bounds, an index might be read
 * from its start.
 */
function isBelow(rows: Rows, scopeKey: string, after?: Place): Rows {
  const [from, to] = startsWith(scopeKey === '/' ? '/' : `${scopeKey}/`)
  const before = rows.where('scope_key', '<', to).where('scope_key', '!=', scopeKey)
  if (after === undefined || after.scopeKey < from) return before.where('scope_key', '>=', from)
  return before.where((row) => row(row.refTuple('scope_key', 'name'), '>', row.tuple(after.scopeKey, after.name)))
}

function managementReads(database: Database) {
  const read = () => database.tables<Tables>()

  return {
    assignedAt: (scopeKeys: readonly string[]): Promise<AssignedRoleRow[]> =>
      assignedRoles(read())
        .where('scope_key', 'in', [...scopeKeys])
        .orderBy('principal_id')
        .orderBy('scope_key')
        .execute(),

    /**
     * A part of the assignments, in the order of principals: the first `limit` assignments after a given assignment.
     */
    assignedAfter: (scopeKeys: readonly string[], after: string, limit: number): Promise<PrincipalRoleRow[]> => {
      // Each scope has a separate part of the statement, because PostgreSQL would otherwise read and sort all rows of
      // the scopes.
      const at = (scopeKey: string) => {
        const rows = principalRoles(read()).where('scope_key', '=', scopeKey).where('principal_id', '>', after)
        return read().selectFrom(rows.orderBy('principal_id').limit(limit).as('role_assignment')).selectAll()
      }
      const [first = '', ...others] = scopeKeys
      return others
        .reduce((rows, scopeKey) => rows.unionAll(at(scopeKey)), at(first))
        .orderBy('principal_id')
        .limit(limit)
        .execute()
    },

    /** A part of the assignments at one scope, in the order of names. */
    at: (scopeKey: string, after: string, part: ListPart) =>
      readPart(read(), part, (rows) => rows.where('scope_key', '=', scopeKey).where('name', '>', after)),
    /** A part of the assignments below a scope, in the order of scopes and names. */
    below: (scopeKey: string, after: Place | undefined, part: ListPart) =>
      readPart(read(), part, (rows) => isBelow(rows, scopeKey, after)),
    find: (scopeKey: string, name: string) =>
      read()
        .selectFrom('role_assignment')
        .selectAll()
        .where('scope_key', '=', scopeKey)
        .where('name', '=', name)
        .executeTakeFirst(),
  }
}

const writes = {
  /** Returns false if the name is in use, or the principal already has the role at the scope. */
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
    change: Pick<RoleAssignmentRow, 'condition' | 'condition_version' | 'description' | 'updated_at_ms' | 'updated_by'>,
  ) =>
    within(transaction)
      .updateTable('role_assignment')
      .set(change)
      .where('scope_key', '=', scopeKey)
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst(),
  /** An assignment with the columns that decisions need. */
  findAssigned: (transaction: Transaction, scopeKey: string, name: string): Promise<AssignedRoleRow | undefined> =>
    assignedRoles(within(transaction))
      .where('scope_key', '=', scopeKey)
      .where('role_assignment.name', '=', name)
      .executeTakeFirst(),
  remove: (transaction: Transaction, scopeKey: string, name: string) =>
    within(transaction)
      .deleteFrom('role_assignment')
      .where('scope_key', '=', scopeKey)
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst(),
  countUnconditional: async (transaction: Transaction, scopeKey: string, roleDefinitionName: string) => {
    const { count } = await within(transaction)
      .selectFrom('role_assignment')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('scope_key', '=', scopeKey)
      .where('role_definition_name', '=', roleDefinitionName)
      .where('condition', 'is', null)
      .executeTakeFirstOrThrow()
    return count
  },
  /** The unconditional assignments of a role at subscriptions. */
  ofSubscriptions: (transaction: Transaction, roleDefinitionName: string) =>
    within(transaction)
      .selectFrom('role_assignment')
      .select(['scope_key', 'principal_id'])
      .where('role_definition_name', '=', roleDefinitionName)
      .where('condition', 'is', null)
      .where('scope_key', 'like', '/subscriptions/%')
      .where('scope_key', 'not like', '/subscriptions/%/%')
      .execute(),
  removeBelow: async (transaction: Transaction, scopeKey: string) => {
    const [from, to] = startsWith(`${scopeKey}/`)
    const tables = within(transaction)
    await tables.deleteFrom('role_assignment').where('scope_key', '=', scopeKey).execute()
    await tables.deleteFrom('role_assignment').where('scope_key', '>=', from).where('scope_key', '<', to).execute()
  },
  removeOf: (transaction: Transaction, principalId: string) =>
    within(transaction).deleteFrom('role_assignment').where('principal_id', '=', principalId).execute(),
}
