import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'

type Usage = { readonly size_bytes: number }

/** The prepared reads of usage. */
export type UsageReads = {
  readonly ofRegistry: PreparedRead<{ rid: string }, Usage>
  readonly ofRepository: PreparedRead<{ id: string }, Usage>
}

/** Prepares the reads of usage. */
export function prepareUsageReads(database: Database): UsageReads {
  return {
    ofRegistry: database.prepare<RegistryTables, { rid: string }, Usage>(['rid'], (tables, p) =>
      tables.selectFrom('registry_usage').select('size_bytes').where('rid', '=', p.rid),
    ),
    ofRepository: database.prepare<RegistryTables, { id: string }, Usage>(['id'], (tables, p) =>
      tables.selectFrom('repository_usage').select('size_bytes').where('repository_id', '=', p.id),
    ),
  }
}

/** The bytes of a registry and of one of its repositories, within the transaction. */
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
