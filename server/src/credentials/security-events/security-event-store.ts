import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Migration } from '../../platform/sql/migrations.ts'
import type { CredentialTables, SecurityEventRow } from '../records/rows.ts'

/** Adds the table of security events. */
export const securityEventMigration: Migration = {
  id: 'directory-0011-security-events',
  up: async (schema, types) => {
    await schema
      .createTable('security_event')
      .addColumn('id', types.text, (column) => column.primaryKey())
      .addColumn('object_id', types.text, (column) => column.notNull())
      .addColumn('kind', types.text, (column) => column.notNull())
      .addColumn('count', types.integer, (column) => column.notNull())
      .addColumn('first_at_ms', types.integer, (column) => column.notNull())
      .addColumn('at_ms', types.integer, (column) => column.notNull())
      .addColumn('remote_address', types.text, (column) => column.notNull())
      .addColumn('user_agent', types.text)
      .addColumn('detail', types.text, (column) => column.notNull())
      .execute()
    await schema
      .createIndex('security_event_by_user')
      .on('security_event')
      .columns(['object_id', 'kind', 'at_ms'])
      .execute()
  },
}

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
    /** Counts the event in the row of an equal one from the same address since `sinceMs`. Gives false if there is none. */
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
    /** Inserts one and keeps the `limit` newest of its kind. */
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
