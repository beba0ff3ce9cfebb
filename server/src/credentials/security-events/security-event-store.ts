import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, SecurityEventRow } from '../records/rows.ts'

/** The SQL of security events. */
export function securityEventStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  return {
    securityEventsOf: (objectId: string, limit: number) =>
      database
        .tables<CredentialTables>()
        .selectFrom('security_event')
        .selectAll()
        .where('object_id', '=', objectId)
        .orderBy('at_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),
    /** Counts the event in the row of an equal event from the same address since `sinceMs`. Returns false if no such row exists. */
    countSecurityEvent: async (transaction: Transaction, row: SecurityEventRow, sinceMs: number) => {
      const result = await within(transaction)
        .updateTable('security_event')
        .set((on) => ({ count: on('count', '+', 1), at_ms: row.at_ms, user_agent: row.user_agent }))
        .where('object_id', '=', row.object_id)
        .where('kind', '=', row.kind)
        .where('remote_address', '=', row.remote_address)
        .where('detail', '=', row.detail)
        .where('first_at_ms', '>', sinceMs)
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },
    /** Inserts an event, and deletes all events of its kind except the `limit` newest. */
    insertSecurityEvent: async (transaction: Transaction, row: SecurityEventRow, limit: number) => {
      await within(transaction).insertInto('security_event').values(row).execute()
      const older = within(transaction)
        .selectFrom('security_event')
        .select('id')
        .where('object_id', '=', row.object_id)
        .where('kind', '=', row.kind)
        .orderBy('at_ms', 'desc')
        .orderBy('id', 'desc')
        .offset(limit)
        .limit(limit)
      const ids = (await older.execute()).map(({ id }) => id)
      if (ids.length > 0) await within(transaction).deleteFrom('security_event').where('id', 'in', ids).execute()
    },
    deleteSecurityEventsOf: (transaction: Transaction, objectId: string) =>
      within(transaction).deleteFrom('security_event').where('object_id', '=', objectId).execute(),
  }
}

export type SecurityEventStore = ReturnType<typeof securityEventStore>
