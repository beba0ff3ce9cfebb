import type { Database, Transaction } from '../../platform/sql/database.ts'

export type PortalSessionRow = {
  readonly id_hash: string
  readonly object_id: string
  readonly sign_in_id: string
  readonly sealed_refresh_token: string
  readonly authenticated_at_ms: number
  readonly created_at_ms: number
  readonly last_seen_at_ms: number
}

type PortalTables = { portal_session: PortalSessionRow }

/** The columns that are needed to end a session. */
export type EndedRow = Pick<PortalSessionRow, 'id_hash' | 'object_id' | 'sign_in_id'>

/** The number of expired sessions that one statement deletes. */
const maxExpired = 200

/** The SQL of the portal's sessions. */
export function createPortalSessionStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<PortalTables>()
  const byId = database.prepare<PortalTables, { idHash: string }, PortalSessionRow>(['idHash'], (tables, p) =>
    tables.selectFrom('portal_session').selectAll().where('id_hash', '=', p.idHash),
  )
  return {
    find: (idHash: string) => byId.first({ idHash }),
    /** The sessions that were not used since `usedSinceMs`, or were created before `createdSinceMs`. */
    expired: (
      tables: Pick<Transaction, 'tables'>,
      { usedSinceMs, createdSinceMs }: { readonly usedSinceMs: number; readonly createdSinceMs: number },
    ): Promise<EndedRow[]> =>
      tables
        .tables<PortalTables>()
        .selectFrom('portal_session')
        .select(['id_hash', 'object_id', 'sign_in_id'])
        .where((where) =>
          where.or([where('last_seen_at_ms', '<=', usedSinceMs), where('created_at_ms', '<=', createdSinceMs)]),
        )
        .limit(maxExpired)
        .execute(),
    /** The sessions of a person, the newest first. */
    ofPerson: (transaction: Transaction, objectId: string): Promise<EndedRow[]> =>
      within(transaction)
        .selectFrom('portal_session')
        .select(['id_hash', 'object_id', 'sign_in_id'])
        .where('object_id', '=', objectId)
        .orderBy('created_at_ms', 'desc')
        .orderBy('id_hash')
        .execute(),
    findWithin: (transaction: Transaction, idHash: string): Promise<EndedRow | undefined> =>
      within(transaction)
        .selectFrom('portal_session')
        .select(['id_hash', 'object_id', 'sign_in_id'])
        .where('id_hash', '=', idHash)
        .executeTakeFirst(),
    insert: (transaction: Transaction, row: PortalSessionRow) =>
      within(transaction).insertInto('portal_session').values(row).execute(),
    delete: (transaction: Transaction, idHash: string) =>
      within(transaction).deleteFrom('portal_session').where('id_hash', '=', idHash).execute(),
    touch: (transaction: Transaction, idHash: string, nowMs: number) =>
      within(transaction)
        .updateTable('portal_session')
        .set({ last_seen_at_ms: nowMs })
        .where('id_hash', '=', idHash)
        .where('last_seen_at_ms', '<', nowMs)
        .execute(),
  }
}
