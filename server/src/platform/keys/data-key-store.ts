import type { Kysely } from 'kysely'
import type { Transaction } from '../sql/database.ts'
import type { MasterKey } from './master-key.ts'

/**
 * The data key, wrapped by one master key. During a rotation of the master key, there is a row for each of the two
 * master keys.
 */
export type DataKeyRow = {
  readonly id: string
  readonly kind: MasterKey['kind']
  readonly wrapped_key: Uint8Array
  readonly created_at_ms: number
}

type DataKeyTables = { data_key: DataKeyRow }

/** Reads the tables of a database, a transaction or a snapshot. */
export type DataKeySource = { tables<Tables>(): Kysely<Tables> }

/** The wrapped keys, newest first. */
export function listDataKeys(source: DataKeySource): Promise<DataKeyRow[]> {
  return source
    .tables<DataKeyTables>()
    .selectFrom('data_key')
    .selectAll()
    .orderBy('created_at_ms', 'desc')
    .orderBy('id')
    .execute()
    .catch((error: unknown) => {
      // A snapshot can come from an earlier version, which did not have this table.
      if (error instanceof Error && error.message.includes('no such table: data_key')) return []
      throw error
    })
}

export async function insertDataKey(transaction: Transaction, row: DataKeyRow): Promise<void> {
  await transaction.tables<DataKeyTables>().insertInto('data_key').values(row).execute()
}

export async function deleteDataKeys(transaction: Transaction, ids: readonly string[]): Promise<void> {
  await transaction.tables<DataKeyTables>().deleteFrom('data_key').where('id', 'in', ids).execute()
}
