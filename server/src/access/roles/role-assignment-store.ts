import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { RoleDefinitionRow, RoleAssignmentRow, AssignedRoleRow } from './rows.ts'

type Tables = { role_assignment: RoleAssignmentRow; role_definition: RoleDefinitionRow }

/** All texts with a prefix, as a half-open range in byte order, which an index can serve. */
function startsWith(prefix: string): readonly [string, string] {
  return [prefix, `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`]
}

function assignedRoles(tables: Kysely<Tables>) {
  return tables
    .selectFrom('role_assignment')
    .leftJoin('role_definition', 'role_definition.name', 'role_definition_name')
    .select(['role_assignment.name', 'scope', 'role_definition_name', 'principal_id', 'principal_type', 'condition'])
    .select(['role_name', 'permissions'])
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
    /** The roles of a principal at the scopes of one resource: itself and its parents, four at most. */
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

/** What is read of a list. */
type ListPart = { readonly roleDefinitionName?: string | undefined; readonly limit?: number | undefined }

function partOf(tables: Kysely<Tables>, { roleDefinitionName, limit }: ListPart) {
  const all = tables.selectFrom('role_assignment').selectAll().orderBy('scope_key').orderBy('name')
  const rows = roleDefinitionName === undefined ? all : all.where('role_definition_name', '=', roleDefinitionName)
  return limit === undefined ? rows : rows.limit(limit)
}

/** Those below a scope, from a place on that is below it too. With two lower bounds, an index might be read from the first one on. */
function isBelow<Row>(rows: SelectQueryBuilder<Tables, 'role_assignment', Row>, scopeKey: string, after?: Place) {
  const [from, to] = startsWith(scopeKey === '/' ? '/' : `${scopeKey}/`)
  const before = rows.where('scope_key', '<', to).where('scope_key', '!=', scopeKey)
  if (after === undefined || after.scopeKey < from) return before.where('scope_key', '>=', from)
  return before.where((row) => row(row.refTuple('scope_key', 'name'), '>', row.tuple(after.scopeKey, after.name)))
}

function managementReads(database: Database) {
  const read = () => database.tables<Tables>()

  return {
    /** The roles of all principals at these scopes. */
    assignedAt: (scopeKeys: readonly string[]): Promise<AssignedRoleRow[]> =>
      assignedRoles(read())
        .where('scope_key', 'in', [...scopeKeys])
        .orderBy('principal_id')
        .orderBy('scope_key')
        .execute(),

    /** Those of a principal at some scopes, and with `belowKey` also those below it. In no order. */
    ofPrincipal: async (principalId: string, scopeKeys: readonly string[], belowKey: string | undefined) => {
      const rows = read().selectFrom('role_assignment').selectAll().where('principal_id', '=', principalId)
      const at = await rows.where('scope_key', 'in', [...scopeKeys]).execute()
      if (belowKey === undefined) return at
      return [...at, ...(await isBelow(rows, belowKey).execute())]
    },
    /** A part of those at one scope, in the order of names. */
    at: (scopeKey: string, after: string, part: ListPart) =>
      partOf(read(), part).where('scope_key', '=', scopeKey).where('name', '>', after).execute(),
    /** A part of those below a scope, in the order of scopes and names. */
    below: (scopeKey: string, after: Place | undefined, part: ListPart) =>
      isBelow(partOf(read(), part), scopeKey, after).execute(),
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
