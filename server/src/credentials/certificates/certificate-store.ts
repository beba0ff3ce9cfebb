import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CertificateRow, CredentialTables } from '../records/rows.ts'

/** The SQL of client certificates. Ids are in lower case. */
export function certificateStore(database: Database) {
  const ofApplication = database.prepare<CredentialTables, { appId: string }, CertificateRow>(['appId'], (tables, p) =>
    tables.selectFrom('client_certificate').selectAll().where('app_id', '=', p.appId),
  )
  const byId = database.prepare<CredentialTables, { id: string }, CertificateRow>(['id'], (tables, p) =>
    tables.selectFrom('client_certificate').selectAll().where('id', '=', p.id),
  )
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  return {
    ofApplication: (appId: string) => ofApplication.all({ appId }),
    byId: (id: string) => byId.first({ id }),
    ofHolder: (transaction: Transaction, holderId: string) =>
      within(transaction)
        .selectFrom('client_certificate')
        .selectAll()
        .where('holder_id', '=', holderId)
        .orderBy('starts_at_ms')
        .orderBy('id')
        .execute(),
    ofHolders: async (holderIds: readonly string[]): Promise<CertificateRow[]> => {
      if (holderIds.length === 0) return []
      const certificates = database.tables<CredentialTables>().selectFrom('client_certificate').selectAll()
      const found = certificates.where('holder_id', 'in', [...holderIds])
      return found.orderBy('starts_at_ms').orderBy('id').execute()
    },
    replace: async (transaction: Transaction, holderId: string, rows: readonly CertificateRow[]) => {
      await within(transaction).deleteFrom('client_certificate').where('holder_id', '=', holderId).execute()
      if (rows.length === 0) return
      await within(transaction)
        .insertInto('client_certificate')
        .values([...rows])
        .execute()
    },
    deleteOf: (transaction: Transaction, holderId: string) =>
      within(transaction).deleteFrom('client_certificate').where('holder_id', '=', holderId).execute(),
  }
}

export type CertificateStore = ReturnType<typeof certificateStore>
