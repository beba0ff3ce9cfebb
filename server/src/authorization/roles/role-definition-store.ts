import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { RoleDefinitionRow } from './rows.ts'

type Tables = {
  role_definition: RoleDefinitionRow
  role_assignment: { readonly role_definition_name: string; readonly scope: string }
}

/** The SQL of custom roles. */
export function createRoleDefinitionStore(database: Database) {
  const read = () => database.tables<Tables>()
  const within = (transaction: Transaction) => transaction.tables<Tables>()
  return {
    list: () => read().selectFrom('role_definition').selectAll().orderBy('role_name_key').execute(),
    find: (column: 'name' | 'role_name_key', value: string) =>
      read().selectFrom('role_definition').selectAll().where(column, '=', value).executeTakeFirst(),
    findWithin: (transaction: Transaction, name: string) =>
      within(transaction).selectFrom('role_definition').selectAll().where('name', '=', name).executeTakeFirst(),
    nameOf: async (transaction: Transaction, roleNameKey: string) => {
      const tables = within(transaction)
      const row = await tables
        .selectFrom('role_definition')
        .select('name')
        .where('role_name_key', '=', roleNameKey)
        .executeTakeFirst()
      return row?.name
    },
    count: async (transaction: Transaction) => {
      const { count } = await within(transaction)
        .selectFrom('role_definition')
        .select((select) => select.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      return count
    },
    insert: (transaction: Transaction, row: RoleDefinitionRow) =>
      within(transaction).insertInto('role_definition').values(row).execute(),
    update: (transaction: Transaction, { name, ...change }: RoleDefinitionRow) =>
      within(transaction).updateTable('role_definition').set(change).where('name', '=', name).execute(),
    remove: (transaction: Transaction, name: string) =>
      within(transaction).deleteFrom('role_definition').where('name', '=', name).execute(),
    /** The scopes at which the role is assigned. */
    scopesOfAssignments: async (transaction: Transaction, name: string) => {
      const rows = await within(transaction)
        .selectFrom('role_assignment')
        .select('scope')
        .distinct()
        .where('role_definition_name', '=', name)
        .execute()
      return rows.map(({ scope }) => scope)
    },
  }
}

export type RoleDefinitionStore = ReturnType<typeof createRoleDefinitionStore>
