import type { Database, Transaction } from '../platform/sql/database.ts'
import type { Migration } from '../platform/sql/migrations.ts'

/** The tables of sign-ins that are under way at an organisation's provider. */
export const upstreamMigrations: readonly Migration[] = [
  {
    // A step keeps its id for ever; this table was the room sign-in's when it was made.
    id: 'sign-in-0002-upstream',
    up: async (schema, types) => {
      await schema
        .createTable('upstream_transaction')
        .addColumn('state_hash', types.text, (column) => column.primaryKey())
        .addColumn('provider', types.text, (column) => column.notNull())
        .addColumn('browser_hash', types.text, (column) => column.notNull())
        .addColumn('sealed', types.bytes, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createIndex('upstream_transaction_by_end')
        .on('upstream_transaction')
        .column('expires_at_ms')
        .execute()
    },
  },
]

export type UpstreamTransactionRow = {
  /** base64url of the SHA-256 of `state`. */
  readonly state_hash: string
  readonly provider: string
  /** The same of the cookie's value. */
  readonly browser_hash: string
  /** What is needed to finish, sealed. */
  readonly sealed: Uint8Array
  readonly expires_at_ms: number
}

type Tables = { upstream_transaction: UpstreamTransactionRow }

/** The SQL of sign-ins that are under way. */
export function createUpstreamStore(database: Database) {
  return {
    /** Keeps one, and forgets those that have ended. */
    insert: async (row: UpstreamTransactionRow, nowMs: number) => {
      await database.transaction(async (transaction) => {
        const tables = transaction.tables<Tables>()
        await tables.deleteFrom('upstream_transaction').where('expires_at_ms', '<=', nowMs).execute()
        await tables.insertInto('upstream_transaction').values(row).execute()
      })
    },
    /** Gives one to whoever asks first, and to nobody after. */
    take: async (stateHash: string) => {
      // What strangers make up costs them no write.
      const known = await database
        .tables<Tables>()
        .selectFrom('upstream_transaction')
        .select('state_hash')
        .where('state_hash', '=', stateHash)
        .executeTakeFirst()
      if (known === undefined) return undefined
      return database.transaction(async (transaction: Transaction) => {
        const tables = transaction.tables<Tables>()
        const row = await tables
          .selectFrom('upstream_transaction')
          .selectAll()
          .where('state_hash', '=', stateHash)
          .executeTakeFirst()
        const { numDeletedRows } = await tables
          .deleteFrom('upstream_transaction')
          .where('state_hash', '=', stateHash)
          .executeTakeFirst()
        return numDeletedRows === 1n ? row : undefined
      })
    },
  }
}
