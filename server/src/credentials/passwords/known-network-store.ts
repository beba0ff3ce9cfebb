import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, KnownNetworkRow } from '../records/rows.ts'

/** The SQL of the networks from which users have signed in. */
export function knownNetworkStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  return {
    knownNetwork: (objectId: string, network: string) =>
      database
        .tables<CredentialTables>()

        .selectFrom('known_network')
        .selectAll()
        .where('object_id', '=', objectId)
        .where('network', '=', network)
        .executeTakeFirst(),
    knownNetworkWithin: (transaction: Transaction, objectId: string, network: string) =>
      within(transaction)
        .selectFrom('known_network')
        .selectAll()
        .where('object_id', '=', objectId)
        .where('network', '=', network)
        .executeTakeFirst(),
    /** Inserts or updates a network of the user, and deletes all networks of the user except the `limit` latest. */
    recordNetwork: async (transaction: Transaction, row: KnownNetworkRow, limit: number) => {
      await within(transaction)
        .insertInto('known_network')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['object_id', 'network']).doUpdateSet({ seen_at_ms: row.seen_at_ms }),
        )
        .execute()
      const older = await within(transaction)
        .selectFrom('known_network')
        .select('network')
        .where('object_id', '=', row.object_id)
        .orderBy('seen_at_ms', 'desc')
        .orderBy('network')
        .offset(limit)
        .limit(limit)
        .execute()
      if (older.length === 0) return
      const networks = older.map(({ network }) => network)
      await within(transaction)
        .deleteFrom('known_network')
        .where('object_id', '=', row.object_id)
        .where('network', 'in', networks)
        .execute()
    },
    deleteNetworks: (transaction: Transaction, objectId: string) =>
      within(transaction).deleteFrom('known_network').where('object_id', '=', objectId).execute(),
  }
}

export type KnownNetworkStore = ReturnType<typeof knownNetworkStore>
