import type { Database, Transaction } from '../../platform/sql/database.ts'

export type UpstreamTransactionRow = {
  /** base64url of the SHA-256 of `state`. */
  readonly state_hash: string
  readonly provider: string
  /** base64url of the SHA-256 of the cookie's value. */
  readonly browser_hash: string
  /** The secrets of the sign-in, sealed. */
  readonly sealed: Uint8Array
  readonly expires_at_ms: number
}

type Tables = { upstream_transaction: UpstreamTransactionRow }

/** The SQL of sign-ins in progress. */
export function createUpstreamStore(database: Database) {
  return {
    /** Inserts a sign-in, and deletes the expired ones. */
    insert: async (row: UpstreamTransactionRow, nowMs: number) => {
      await database.transaction(async (transaction) => {
        const tables = transaction.tables<Tables>()
        await tables.deleteFrom('upstream_transaction').where('expires_at_ms', '<=', nowMs).execute()
        await tables.insertInto('upstream_transaction').values(row).execute()
      })
    },
    /** Deletes a sign-in and returns it. Of concurrent callers, one gets it. */
    take: async (stateHash: string) => {
      // An invented `state` must not cause a write.
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

export type UpstreamStore = ReturnType<typeof createUpstreamStore>
