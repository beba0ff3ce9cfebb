import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ScopeMapRow } from './rows.ts'

type ScopeMapTables = { scope_map: ScopeMapRow }

/** The SQL of scope maps. */
export function createScopeMapStore(database: Database) {
  const read = () => database.tables<ScopeMapTables>()
  const within = (transaction: Transaction) => transaction.tables<ScopeMapTables>()

  return {
    list: (rid: string) =>
      read().selectFrom('scope_map').selectAll().where('rid', '=', rid).orderBy('name_key').execute(),
    find: (source: Transaction | undefined, rid: string, nameKey: string) =>
      (source === undefined ? read() : within(source))
        .selectFrom('scope_map')
        .selectAll()
        .where('rid', '=', rid)
        .where('name_key', '=', nameKey)
        .executeTakeFirst(),
    count: async (source: Transaction | undefined, rid: string) => {
      const { count } = await (source === undefined ? read() : within(source))
        .selectFrom('scope_map')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('rid', '=', rid)
        .executeTakeFirstOrThrow()
      return count
    },
    put: (transaction: Transaction, row: ScopeMapRow) =>
      within(transaction)
        .insertInto('scope_map')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .columns(['rid', 'name_key'])
            .doUpdateSet({ description: row.description, actions: row.actions, authorship: row.authorship }),
        )
        .execute(),
    remove: (transaction: Transaction, rid: string, nameKey: string) =>
      within(transaction).deleteFrom('scope_map').where('rid', '=', rid).where('name_key', '=', nameKey).execute(),
    removeOf: (transaction: Transaction, rid: string) =>
      within(transaction).deleteFrom('scope_map').where('rid', '=', rid).execute(),
  }
}

export type ScopeMapStore = ReturnType<typeof createScopeMapStore>
