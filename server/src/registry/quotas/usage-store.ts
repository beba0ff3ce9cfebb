import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { QuotaRow, RegistryTables } from '../rows/rows.ts'

type Usage = { readonly size_bytes: number }
type Limit = Pick<QuotaRow, 'repository' | 'limit_bytes'>

/** The repository in the row of a quota for the whole registry. */
export const wholeRegistry = ''

/** The reads of usage and limits, prepared once. */
export type UsageReads = {
  readonly ofRegistry: PreparedRead<{ rid: string }, Usage>
  readonly ofRepository: PreparedRead<{ id: string }, Usage>
  /** The limits that were set for a registry and for one of its repositories. */
  readonly limits: PreparedRead<{ rid: string; repository: string }, Limit>
}

/** Prepares the reads of usage and limits. */
export function prepareUsageReads(database: Database): UsageReads {
  return {
    ofRegistry: database.prepare<RegistryTables, { rid: string }, Usage>(['rid'], (tables, p) =>
      tables.selectFrom('registry_usage').select('size_bytes').where('rid', '=', p.rid),
    ),
    ofRepository: database.prepare<RegistryTables, { id: string }, Usage>(['id'], (tables, p) =>
      tables.selectFrom('repository_usage').select('size_bytes').where('repository_id', '=', p.id),
    ),
    limits: database.prepare<RegistryTables, { rid: string; repository: string }, Limit>(
      ['rid', 'repository'],
      (tables, p) =>
        tables
          .selectFrom('quota')
          .select(['repository', 'limit_bytes'])
          .where('rid', '=', p.rid)
          .where((row) => row.or([row('repository', '=', wholeRegistry), row('repository', '=', p.repository)])),
    ),
  }
}

/** How many bytes a registry and one of its repositories hold, as the transaction sees it. */
export async function readUsage(
  transaction: Transaction,
  rid: string,
  repositoryId: string,
): Promise<{ readonly registryBytes: number; readonly repositoryBytes: number }> {
  const tables = transaction.tables<RegistryTables>()
  const registry = await tables
    .selectFrom('registry_usage')
    .select('size_bytes')
    .where('rid', '=', rid)
    .executeTakeFirst()
  const repository = await tables
    .selectFrom('repository_usage')
    .select('size_bytes')
    .where('repository_id', '=', repositoryId)
    .executeTakeFirst()
  return { registryBytes: registry?.size_bytes ?? 0, repositoryBytes: repository?.size_bytes ?? 0 }
}

/** The limits of a registry, by name. */
export async function listQuotas(database: Database, rid: string): Promise<QuotaRow[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('quota')
    .selectAll()
    .where('rid', '=', rid)
    .orderBy('name')
    .execute()
}

/** Sets a limit, and says whether there was none of this name. */
export async function putQuota(transaction: Transaction, row: QuotaRow): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const { numUpdatedRows } = await tables
    .updateTable('quota')
    .set({ repository: row.repository, limit_bytes: row.limit_bytes })
    .where('rid', '=', row.rid)
    .where('name', '=', row.name)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return false
  await tables.insertInto('quota').values(row).execute()
  return true
}

/** The name of the limit of a repository, or of the whole registry; undefined where there is none. */
export async function findQuotaName(
  transaction: Transaction,
  rid: string,
  repository: string,
): Promise<string | undefined> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('quota')
    .select('name')
    .where('rid', '=', rid)
    .where('repository', '=', repository)
    .executeTakeFirst()
  return row?.name
}

/** How many limits a registry has. */
export async function countQuotas(transaction: Transaction, rid: string): Promise<number> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('quota')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('rid', '=', rid)
    .executeTakeFirst()
  return row?.count ?? 0
}

/** Removes a limit, and says whether there was one. */
export async function deleteQuota(transaction: Transaction, rid: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .tables<RegistryTables>()
    .deleteFrom('quota')
    .where('rid', '=', rid)
    .where('name', '=', name)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Removes the limits of a registry that is deleted. */
export async function deleteQuotasOf(transaction: Transaction, rid: string): Promise<void> {
  await transaction.tables<RegistryTables>().deleteFrom('quota').where('rid', '=', rid).execute()
}
