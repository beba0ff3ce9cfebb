import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ExternalPrincipalRow } from '../principals/rows.ts'

type Tables = {
  external_principal: ExternalPrincipalRow
  service_principal: { readonly object_id: string }
  application: { readonly object_id: string }
  directory_user: { readonly object_id: string }
  directory_group: { readonly object_id: string }
}

const localTables = ['service_principal', 'application', 'directory_user', 'directory_group'] as const

/** The SQL of external principals. */
export function createExternalPrincipalStore(database: Database) {
  const byId = database.prepare<Tables, { objectId: string }, ExternalPrincipalRow>(['objectId'], (tables, p) =>
    tables.selectFrom('external_principal').selectAll().where('object_id', '=', p.objectId),
  )
  const from = (transaction: Transaction) => transaction.tables<Tables>()
  return {
    byId: (objectId: string) => byId.first({ objectId }),
    find: (transaction: Transaction, objectId: string) =>
      from(transaction)
        .selectFrom('external_principal')
        .selectAll()
        .where('object_id', '=', objectId)
        .executeTakeFirst(),
    /** Whether this directory contains an object with the id. */
    isLocal: async (transaction: Transaction, objectId: string) => {
      for (const table of localTables) {
        const query = from(transaction).selectFrom(table).select('object_id').where('object_id', '=', objectId)
        if ((await query.executeTakeFirst()) !== undefined) return true
      }
      return false
    },
    /** Returns false if the object id is registered already. */
    insert: async (transaction: Transaction, row: ExternalPrincipalRow) => {
      const insert = from(transaction).insertInto('external_principal').values(row)
      const result = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    delete: async (transaction: Transaction, objectId: string) => {
      const rows = from(transaction).deleteFrom('external_principal').where('object_id', '=', objectId)
      return (await rows.executeTakeFirst()).numDeletedRows === 1n
    },
  }
}
