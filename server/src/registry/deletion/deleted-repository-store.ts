import type { Database, Transaction } from '../../platform/sql/database.ts'
import { openKept, type Kept } from './kept-store.ts'
import type { DeletedRepositoryRow, RegistryTables } from '../rows/rows.ts'

/** The id of a repository with rows of deleted content. */
export async function nextDeleted(database: Database, except: ReadonlySet<string>): Promise<string | undefined> {
  const tables = database.tables<RegistryTables>()
  const manifest = await tables.selectFrom('deleted_manifest').select('repository_id').limit(1).executeTakeFirst()
  if (manifest !== undefined) return manifest.repository_id
  const repositories = await tables
    .selectFrom('deleted_repository')
    .select('id')
    .limit(except.size + 1)
    .execute()
  return repositories.find(({ id }) => !except.has(id))?.id
}

/** Returns a deleted repository. Returns undefined if the repository is not deleted. */
export function findDeletedRepository(transaction: Transaction, id: string): Promise<DeletedRepositoryRow | undefined> {
  return transaction
    .tables<RegistryTables>()
    .selectFrom('deleted_repository')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
}

/**
 * The soft-deleted content of a deleted repository. Undefined if soft delete is off, or if the registry of the repository is also deleted.
 */
export async function keptOf(
  transaction: Transaction,
  { rid, kept_as, deleted_at_ms }: DeletedRepositoryRow,
): Promise<Kept | undefined> {
  if (kept_as === null) return undefined
  const registry = await transaction
    .tables<RegistryTables>()
    .selectFrom('deleted_registry')
    .select('rid')
    .where('rid', '=', rid)
    .executeTakeFirst()
  if (registry !== undefined) return undefined
  const { id } = await openKept(transaction, { rid, name: kept_as }, deleted_at_ms)
  return { in: id, atMs: deleted_at_ms }
}
