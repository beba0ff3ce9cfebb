import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { CredentialTables, EnrolmentCodeRow } from '../records/rows.ts'

/** The SQL of access passes. */
export function enrolmentCodeStore(database: Database) {
  const within = (transaction: Transaction) => transaction.tables<CredentialTables>()
  const deleteEnrolmentCode = async (transaction: Transaction, objectId: string) =>
    (await within(transaction).deleteFrom('enrolment_code').where('object_id', '=', objectId).executeTakeFirst())
      .numDeletedRows === 1n
  return {
    enrolmentCode: (objectId: string) =>
      database
        .tables<CredentialTables>()
        .selectFrom('enrolment_code')
        .selectAll()
        .where('object_id', '=', objectId)
        .executeTakeFirst(),
    replaceEnrolmentCode: async (transaction: Transaction, row: EnrolmentCodeRow) => {
      await deleteEnrolmentCode(transaction, row.object_id)
      await within(transaction).insertInto('enrolment_code').values(row).execute()
    },
    /** Returns false if there is no such code, or it has expired. */
    useEnrolmentCode: async (transaction: Transaction, objectId: string, codeHash: string, nowMs: number) => {
      const { numDeletedRows } = await within(transaction)
        .deleteFrom('enrolment_code')
        .where('object_id', '=', objectId)
        .where('code_hash', '=', codeHash)
        .where('expires_at_ms', '>', nowMs)
        .executeTakeFirst()
      return numDeletedRows === 1n
    },
    deleteEnrolmentCode,
    deleteEnrolmentCodesBy: (transaction: Transaction, creatorId: string) =>
      within(transaction).deleteFrom('enrolment_code').where('created_by', '=', creatorId).execute(),
  }
}

export type EnrolmentCodeStore = ReturnType<typeof enrolmentCodeStore>
