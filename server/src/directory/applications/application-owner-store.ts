import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ApplicationOwnerRow, DirectoryTables } from '../principals/rows.ts'

/** The SQL of the owners of applications. */
export function applicationOwnerStore(database: Database) {
  const from = (source: Transaction | undefined) =>
    source?.tables<DirectoryTables>() ?? database.tables<DirectoryTables>()
  return {
    applicationOwnerIds: async (source: Transaction | undefined, applicationId: string) =>
      (
        await from(source)
          .selectFrom('application_owner')
          .select('owner_id')
          .where('application_id', '=', applicationId)
          .orderBy('owner_id')
          .execute()
      ).map(({ owner_id }) => owner_id),
    /** The ids of the applications among `applicationIds` that the principal owns. */
    ownedAmong: async (ownerId: string, applicationIds: readonly string[]): Promise<ReadonlySet<string>> => {
      if (applicationIds.length === 0) return new Set()
      const rows = await from(undefined)
        .selectFrom('application_owner')
        .select('application_id')
        .where('owner_id', '=', ownerId)
        .where('application_id', 'in', [...applicationIds])
        .execute()
      return new Set(rows.map(({ application_id }) => application_id))
    },
    /** Returns false if the principal is already an owner. */
    insertApplicationOwner: async (transaction: Transaction, row: ApplicationOwnerRow) => {
      const insert = from(transaction).insertInto('application_owner').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    deleteApplicationOwner: async (transaction: Transaction, { application_id, owner_id }: ApplicationOwnerRow) => {
      const owners = from(transaction).deleteFrom('application_owner').where('application_id', '=', application_id)
      return (await owners.where('owner_id', '=', owner_id).executeTakeFirst()).numDeletedRows === 1n
    },
    deleteOwnersOf: (transaction: Transaction, applicationId: string) =>
      from(transaction).deleteFrom('application_owner').where('application_id', '=', applicationId).execute(),
    /** Deletes the ownerships of a deleted principal. */
    deleteOwnerships: (transaction: Transaction, ownerId: string) =>
      from(transaction).deleteFrom('application_owner').where('owner_id', '=', ownerId).execute(),
  }
}

export type ApplicationOwnerStore = ReturnType<typeof applicationOwnerStore>
