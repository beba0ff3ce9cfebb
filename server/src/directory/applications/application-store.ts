import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ApplicationRow, ApplicationUriRow, DirectoryTables } from '../principals/rows.ts'

/** The SQL of applications and of their identifier URIs. */
export function applicationStore(database: Database) {
  const from = (source: Transaction | undefined) =>
    source?.tables<DirectoryTables>() ?? database.tables<DirectoryTables>()
  return {
    application: (source: Transaction | undefined, key: 'object_id' | 'app_id', value: string) =>
      from(source).selectFrom('application').selectAll().where(key, '=', value).executeTakeFirst(),
    insertApplication: (transaction: Transaction, row: ApplicationRow) =>
      from(transaction).insertInto('application').values(row).execute(),
    renameApplication: (transaction: Transaction, objectId: string, name: string, nameKey: string) =>
      from(transaction)
        .updateTable('application')
        .set({ display_name: name, display_name_key: nameKey })
        .where('object_id', '=', objectId)
        .execute(),
    deleteApplication: async (transaction: Transaction, objectId: string) => {
      await from(transaction).deleteFrom('application_uri').where('application_id', '=', objectId).execute()
      await from(transaction).deleteFrom('application').where('object_id', '=', objectId).execute()
    },
    urisOf: async (applicationIds: readonly string[]): Promise<ApplicationUriRow[]> => {
      if (applicationIds.length === 0) return []
      const uris = from(undefined).selectFrom('application_uri').selectAll()
      return uris
        .where('application_id', 'in', [...applicationIds])
        .orderBy('uri_key')
        .execute()
    },
    /** Returns false if another application has one of the identifier URIs. */
    replaceUris: async (transaction: Transaction, applicationId: string, rows: readonly ApplicationUriRow[]) => {
      await from(transaction).deleteFrom('application_uri').where('application_id', '=', applicationId).execute()
      if (rows.length === 0) return true
      const insert = from(transaction)
        .insertInto('application_uri')
        .values([...rows])
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === BigInt(rows.length)
    },
  }
}

export type ApplicationStore = ReturnType<typeof applicationStore>
