import type { Kysely } from 'kysely'
import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { QuotaRow, RegistryTables } from '../rows/rows.ts'

type Limit = Pick<QuotaRow, 'repository' | 'limit_bytes'>

/** The value of `repository` in the quota of a whole registry. */
export const wholeRegistry = ''

/** The prepared read of the quotas of a registry and of one of its repositories. */
export type LimitsRead = PreparedRead<{ rid: string; repository: string }, Limit>

/** Prepares the read of quotas. */
export function prepareLimitsRead(database: Database): LimitsRead {
  return database.prepare<RegistryTables, { rid: string; repository: string }, Limit>(
    ['rid', 'repository'],
    selectLimits,
  )
}

function selectLimits(tables: Kysely<RegistryTables>, { rid, repository }: { rid: string; repository: string }) {
  return tables
    .selectFrom('quota')
    .select(['repository', 'limit_bytes'])
    .where('rid', '=', rid)
    .where((row) => row.or([row('repository', '=', wholeRegistry), row('repository', '=', repository)]))
}

/** The quotas of a registry and of one of its repositories, within the transaction. */
export async function readLimits(transaction: Transaction, rid: string, repository: string): Promise<Limit[]> {
  return selectLimits(transaction.tables<RegistryTables>(), { rid, repository }).execute()
}

/** The quotas of a registry, by name. */
export async function listQuotas(database: Database, rid: string): Promise<QuotaRow[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('quota')
    .selectAll()
    .where('rid', '=', rid)
    .orderBy('name')
    .execute()
}

/** Sets a quota, and returns whether it is new. */
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

/** The name of the quota of a repository, or of the whole registry. */
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

/** The number of quotas of a registry. */
export async function countQuotas(transaction: Transaction, rid: string): Promise<number> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('quota')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('rid', '=', rid)
    .executeTakeFirst()
  return row?.count ?? 0
}

/** Deletes a quota, and returns whether it existed. */
export async function deleteQuota(transaction: Transaction, rid: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .tables<RegistryTables>()
    .deleteFrom('quota')
    .where('rid', '=', rid)
    .where('name', '=', name)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Deletes the quotas of a deleted registry. */
export async function deleteQuotasOf(transaction: Transaction, rid: string): Promise<void> {
  await transaction.tables<RegistryTables>().deleteFrom('quota').where('rid', '=', rid).execute()
}
