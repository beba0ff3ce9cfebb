import type { Database, Transaction } from '../platform/sql/database.ts'
import type { ImportOperationRow, ImportTables } from './rows.ts'

/** Records a started import. */
export async function insertImport(transaction: Transaction, row: ImportOperationRow): Promise<void> {
  await transaction.tables<ImportTables>().insertInto('import_operation').values(row).execute()
}

/** The columns that change during an import. */
export type ImportChange = Partial<Omit<ImportOperationRow, 'id' | 'asker' | 'event'>>

/** Updates a running import, and returns whether it was running. The result of an import is written once. */
export async function updateImport(transaction: Transaction, id: string, change: ImportChange): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .tables<ImportTables>()
    .updateTable('import_operation')
    .set(change)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** An import, for its requester. */
export async function findImport(
  database: Database,
  id: string,
  requester: string,
): Promise<ImportOperationRow | undefined> {
  return database
    .tables<ImportTables>()
    .selectFrom('import_operation')
    .selectAll()
    .where('id', '=', id)
    .where('asker', '=', requester)
    .executeTakeFirst()
}

/** The imports that have no result yet. */
export async function listRunningImports(
  database: Database,
): Promise<Pick<ImportOperationRow, 'id' | 'event' | 'process'>[]> {
  return database
    .tables<ImportTables>()
    .selectFrom('import_operation')
    .select(['id', 'event', 'process'])
    .where('state', '=', 'running')
    .execute()
}

/** Deletes imports that were last updated before an instant. */
export async function deleteImports(transaction: Transaction, beforeMs: number): Promise<void> {
  await transaction
    .tables<ImportTables>()
    .deleteFrom('import_operation')
    .where('touched_at_ms', '<', beforeMs)
    .execute()
}
