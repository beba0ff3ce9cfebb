import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, OneTimeLinkRow } from '../records/rows.ts'

/** The SQL of one-time links. */
export function oneTimeLinkStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  const read = () => database.tables<CredentialTables>().selectFrom('one_time_link').selectAll()
  return {
    oneTimeLinkOf: (objectId: string) => read().where('object_id', '=', objectId).executeTakeFirst(),
    oneTimeLinkByHash: (codeHash: string) => read().where('code_hash', '=', codeHash).executeTakeFirst(),
    insertOneTimeLink: async (transaction: Transaction, row: OneTimeLinkRow) => {
      await within(transaction).insertInto('one_time_link').values(row).execute()
    },
    oneTimeLinksBy: (transaction: Transaction, creatorId: string) =>
      within(transaction).selectFrom('one_time_link').selectAll().where('created_by', '=', creatorId).execute(),
    /** Returns false if there is none. */
    deleteOneTimeLink: async (transaction: Transaction, objectId: string) =>
      (await within(transaction).deleteFrom('one_time_link').where('object_id', '=', objectId).executeTakeFirst())
        .numDeletedRows === 1n,
  }
}

export type OneTimeLinkStore = ReturnType<typeof oneTimeLinkStore>
