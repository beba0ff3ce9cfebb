import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ScopeMapRow } from '../scope-maps/rows.ts'
import type { StoredScopeMap } from '../scope-maps/scope-map-rights.ts'
import type { AnonymousAccessRow } from './rows.ts'

type AnonymousAccessTables = { anonymous_access: AnonymousAccessRow; scope_map: ScopeMapRow }

/** The SQL of anonymous access. */
export function createAnonymousAccessStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<AnonymousAccessTables>()
  const actions = database.prepare<AnonymousAccessTables, { rid: string }, StoredScopeMap>(['rid'], (tables, p) =>
    tables
      .selectFrom('anonymous_access')
      .leftJoin('scope_map', (join) =>
        join
          .onRef('scope_map.rid', '=', 'anonymous_access.rid')
          .onRef('scope_map.name_key', '=', 'anonymous_access.scope_map_key'),
      )
      .select(['anonymous_access.scope_map_key', 'scope_map.name as map_name', 'scope_map.actions'])
      .where('anonymous_access.rid', '=', p.rid),
  )

  return {
    /** The scope map of the registry's anonymous access. */
    scopeMapOf: (rid: string) => actions.first({ rid }),
    find: (source: Transaction | undefined, rid: string) =>
      (source === undefined ? database.tables<AnonymousAccessTables>() : within(source))
        .selectFrom('anonymous_access')
        .selectAll()
        .where('rid', '=', rid)
        .executeTakeFirst(),
    put: (transaction: Transaction, row: AnonymousAccessRow) =>
      within(transaction)
        .insertInto('anonymous_access')
        .values(row)
        .onConflict((conflict) =>
          conflict.column('rid').doUpdateSet({
            scope_map_key: row.scope_map_key,
            scope_map_id: row.scope_map_id,
            authorship: row.authorship,
          }),
        )
        .execute(),
    remove: (transaction: Transaction, rid: string) =>
      within(transaction).deleteFrom('anonymous_access').where('rid', '=', rid).execute(),
  }
}

export type AnonymousAccessStore = ReturnType<typeof createAnonymousAccessStore>
