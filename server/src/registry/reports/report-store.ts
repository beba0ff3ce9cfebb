import type { Transaction } from '../../platform/sql/database.ts'
import type { ContentReportRow, RegistryTables } from '../rows/rows.ts'

/** A report of any process. */
export async function readReport(
  source: Pick<Transaction, 'tables'>,
  name: ContentReportRow['name'],
): Promise<ContentReportRow | undefined> {
  const tables = source.tables<RegistryTables>()
  return tables.selectFrom('content_report').selectAll().where('name', '=', name).executeTakeFirst()
}

/** Writes a report, in place of the last one with this name. */
export async function writeReport(transaction: Transaction, row: ContentReportRow): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .insertInto('content_report')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ process: row.process, report: row.report }))
    .execute()
}
