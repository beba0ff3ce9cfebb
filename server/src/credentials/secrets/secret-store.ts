import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, SecretRow } from '../records/rows.ts'

/** The SQL of client secrets. Ids are in lower case. */
export function secretStore(database: Database) {
  const byHash = database.prepare<CredentialTables, { appId: string; hash: string }, SecretRow>(
    ['appId', 'hash'],
    (tables, p) =>
      tables.selectFrom('client_secret').selectAll().where('app_id', '=', p.appId).where('secret_hash', '=', p.hash),
  )
  const byId = database.prepare<CredentialTables, { id: string }, SecretRow>(['id'], (tables, p) =>
    tables.selectFrom('client_secret').selectAll().where('id', '=', p.id),
  )
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  return {
    byHash: (appId: string, hash: string) => byHash.first({ appId, hash }),
    byId: (id: string) => byId.first({ id }),
    count: async (transaction: Transaction, holderId: string) =>
      (await within(transaction).selectFrom('client_secret').select('id').where('holder_id', '=', holderId).execute())
        .length,
    ofHolders: async (holderIds: readonly string[]): Promise<SecretRow[]> => {
      if (holderIds.length === 0) return []
      const secrets = database.tables<CredentialTables>().selectFrom('client_secret').selectAll()
      const found = secrets.where('holder_id', 'in', [...holderIds])
      return found.orderBy('created_at_ms').orderBy('starts_at_ms').orderBy('id').execute()
    },
    insert: (transaction: Transaction, row: SecretRow) =>
      within(transaction).insertInto('client_secret').values(row).execute(),
    /** Returns false if the holder has no such secret. */
    delete: async (transaction: Transaction, holderId: string, id: string) => {
      const secrets = within(transaction).deleteFrom('client_secret').where('holder_id', '=', holderId)
      return (await secrets.where('id', '=', id).executeTakeFirst()).numDeletedRows === 1n
    },
    deleteOf: (transaction: Transaction, holderId: string) =>
      within(transaction).deleteFrom('client_secret').where('holder_id', '=', holderId).execute(),
  }
}

export type SecretStore = ReturnType<typeof secretStore>
