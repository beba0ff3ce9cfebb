import type { Database, Transaction } from '../platform/sql/database.ts'
import type { ImportOperationRow, ImportTables } from './rows.ts'

/** Records a started import. */
export async function insertImport(transaction: Transaction, row: ImportOperationRow): Promise<void> {
  await transaction.tables<ImportTables>().insertInto('import_operation').values(row).execute()
}

/** The columns that change during an import. */
export type ImportChange = Partial<Pick<ImportOperationRow, 'state' | 'reason' | 'message' | 'touched_at_ms'>>

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

/** Requests that a running import into a registry be cancelled. Returns whether it was running. */
export async function cancelImport(
  transaction: Transaction,
  { id, rid, nowMs }: { readonly id: string; readonly rid: string; readonly nowMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .tables<ImportTables>()
    .updateTable('import_operation')
    .set({ cancelled_at_ms: nowMs })
    .where('id', '=', id)
    .where('rid', '=', rid)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** An import, for its requester or for the registry into which it is. */
export async function findImport(
  database: Database,
  id: string,
  of: { readonly asker: string } | { readonly rid: string },
): Promise<ImportOperationRow | undefined> {
  const found = database.tables<ImportTables>().selectFrom('import_operation').selectAll().where('id', '=', id)
  return ('asker' in of ? found.where('asker', '=', of.asker) : found.where('rid', '=', of.rid)).executeTakeFirst()
}

/** The most imports in a list. */
const maxListed = 1000

/** The imports into a registry, of one requester or of all, the newest first. */
export async function listImports(
  database: Database,
  rid: string,
  requester: string | undefined,
): Promise<ImportOperationRow[]> {
  return database
    .tables<ImportTables>()
    .selectFrom('import_operation')
    .selectAll()
    .where('rid', '=', rid)
    .$if(requester !== undefined, (query) => query.where('asker', '=', requester ?? ''))
    .orderBy('started_at_ms', 'desc')
    .limit(maxListed)
    .execute()
}

/** The ids of the imports that have no result yet and are to be cancelled. */
export async function listCancelled(database: Database): Promise<string[]> {
  const rows = await database
    .tables<ImportTables>()
    .selectFrom('import_operation')
    .select('id')
    .where('state', '=', 'running')
    .where('cancelled_at_ms', 'is not', null)
    .execute()
  return rows.map(({ id }) => id)
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
