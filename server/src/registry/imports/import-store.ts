import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { ImportOperationRow, RegistryTables } from '../rows/rows.ts'

/** Records that an import has begun. */
export async function insertImport(transaction: Transaction, row: ImportOperationRow): Promise<void> {
  await transaction.tables<RegistryTables>().insertInto('import_operation').values(row).execute()
}

/** What changes of an import as it goes on. */
export type ImportChange = Partial<Omit<ImportOperationRow, 'id' | 'asker' | 'event'>>

/** Records that an import goes on, or how it ended, which is said once; returns whether it had not ended yet. */
export async function updateImport(transaction: Transaction, id: string, change: ImportChange): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .tables<RegistryTables>()
    .updateTable('import_operation')
    .set(change)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** An import, for the one who began it. */
export async function findImport(
  database: Database,
  id: string,
  asker: string,
): Promise<ImportOperationRow | undefined> {
  return database
    .tables<RegistryTables>()
    .selectFrom('import_operation')
    .selectAll()
    .where('id', '=', id)
    .where('asker', '=', asker)
    .executeTakeFirst()
}

/** The imports that have not ended, and of which nothing was heard since an instant. */
export async function listSilentImports(
  database: Database,
  beforeMs: number,
): Promise<Pick<ImportOperationRow, 'id' | 'event'>[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('import_operation')
    .select(['id', 'event'])
    .where('state', '=', 'running')
    .where('touched_at_ms', '<=', beforeMs)
    .execute()
}

/** Forgets imports of which nothing was heard since an instant. */
export async function forgetImports(transaction: Transaction, beforeMs: number): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('import_operation')
    .where('touched_at_ms', '<', beforeMs)
    .execute()
}
