import { randomUUID } from 'node:crypto'
import { type ExpressionBuilder, sql } from 'kysely'
import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { RepositoryName } from '../../spec/repository-name.ts'
import { OciError } from '../errors.ts'
import { noLocks } from '../properties/locks.ts'
import type { LockColumns, RegistryTables, RepositoryRow } from '../tables.ts'

/** The reads of repositories, prepared once. */
export type RepositoryReads = {
  readonly byName: PreparedRead<{ rid: string; name: string }, RepositoryRow>
  /** Names of the published and listed repositories after a name, in byte order. */
  readonly listedAfter: PreparedRead<{ rid: string; after: string; limit: number }, { name: RepositoryName }>
}

/** Prepares the reads of repositories. */
export function prepareRepositoryReads(database: Database): RepositoryReads {
  return {
    byName: database.prepare<RegistryTables, { rid: string; name: string }, RepositoryRow>(
      ['rid', 'name'],
      (tables, p) => tables.selectFrom('repository').selectAll().where('rid', '=', p.rid).where('name', '=', p.name),
    ),
    listedAfter: database.prepare<
      RegistryTables,
      { rid: string; after: string; limit: number },
      { name: RepositoryName }
    >(['rid', 'after', 'limit'], (tables, p) =>
      tables
        .selectFrom('repository')
        .select('name')
        .$castTo<{ name: RepositoryName }>()
        .where('rid', '=', p.rid)
        .where('name', '>', p.after)
        .where('published_at_ms', 'is not', null)
        .where('list_enabled', '=', 1)
        .orderBy('name')
        .limit(p.limit),
    ),
  }
}

/** A repository as the transaction sees it. */
export async function findRepository(
  transaction: Transaction,
  rid: string,
  name: string,
): Promise<RepositoryRow | undefined> {
  return transaction
    .tables<RegistryTables>()
    .selectFrom('repository')
    .selectAll()
    .where('rid', '=', rid)
    .where('name', '=', name)
    .executeTakeFirst()
}

/**
 * Finds a repository, or makes it unpublished: it can hold uploads and blobs, and is listed nowhere before its first
 * manifest.
 *
 * @throws OciError NAME_UNKNOWN when the registry was deleted meanwhile
 */
export async function openRepository(
  transaction: Transaction,
  rid: string,
  name: string,
  nowMs: number,
): Promise<RepositoryRow> {
  const found = await findRepository(transaction, rid, name)
  if (found !== undefined) return found
  const tables = transaction.tables<RegistryTables>()
  const deleted = await tables.selectFrom('deleted_registry').select('rid').where('rid', '=', rid).executeTakeFirst()
  if (deleted !== undefined) throw new OciError('NAME_UNKNOWN', { detail: { name } })
  const tombstone = await tables
    .selectFrom('repository_tombstone')
    .select('deleted_at_ms')
    .where('rid', '=', rid)
    .where('name', '=', name)
    .executeTakeFirst()
  const made: RepositoryRow = {
    id: randomUUID(),
    rid,
    name,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
    published_at_ms: null,
    manifest_count: 0,
    tag_count: 0,
    predecessor_deleted_at_ms: tombstone?.deleted_at_ms ?? null,
    ...noLocks,
  }
  await tables.insertInto('repository').values(made).execute()
  return made
}

/** Records that a repository's content changed, and by how many manifests and tags. The first manifest publishes it. */
export async function recordChange(
  transaction: Transaction,
  repositoryId: string,
  { manifests, tags, nowMs }: { readonly manifests: number; readonly tags: number; readonly nowMs: number },
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('repository')
    .set((row) => ({
      updated_at_ms: nowMs,
      manifest_count: row('manifest_count', '+', manifests),
      tag_count: row('tag_count', '+', tags),
      ...(manifests > 0 && { published_at_ms: sql<number>`coalesce(published_at_ms, ${nowMs})` }),
    }))
    .where('id', '=', repositoryId)
    .execute()
}

/** Sets locks of a repository. */
export async function lockRepository(
  transaction: Transaction,
  repositoryId: string,
  change: Partial<LockColumns>,
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('repository')
    .set(change)
    .where('id', '=', repositoryId)
    .execute()
}

/** What may forbid the deletion of a manifest or tag. */
type DeletionLocks = Pick<LockColumns, 'delete_enabled' | 'write_enabled'>

/** All manifests and tags of a repository, as the transaction sees them. */
export async function listContent(
  transaction: Transaction,
  repositoryId: string,
): Promise<{
  readonly manifests: readonly (DeletionLocks & { readonly digest: string })[]
  readonly tags: readonly (DeletionLocks & { readonly name: string })[]
}> {
  const tables = transaction.tables<RegistryTables>()
  const manifests = await tables
    .selectFrom('manifest')
    .select(['digest', 'delete_enabled', 'write_enabled'])
    .where('repository_id', '=', repositoryId)
    .orderBy('digest')
    .execute()
  const tags = await tables
    .selectFrom('tag')
    .select(['name', 'delete_enabled', 'write_enabled'])
    .where('repository_id', '=', repositoryId)
    .orderBy('name')
    .execute()
  return { manifests, tags }
}

/**
 * Deletes a repository with all that it holds, and remembers when, so that credentials of before end with it: none that
 * was issued before is given out any more.
 */
export async function deleteRepository(
  transaction: Transaction,
  { id, rid, name }: RepositoryRow,
  nowMs: number,
): Promise<void> {
  transaction.changesAuthority()
  const tables = transaction.tables<RegistryTables>()
  for (const table of contentTables) await tables.deleteFrom(table).where('repository_id', '=', id).execute()
  await tables.deleteFrom('repository').where('id', '=', id).execute()
  await tables
    .insertInto('repository_tombstone')
    .values({ rid, name, deleted_at_ms: nowMs })
    .onConflict((conflict) => conflict.columns(['rid', 'name']).doUpdateSet({ deleted_at_ms: nowMs }))
    .execute()
}

/**
 * States that a registry is deleted. Nobody asks for it by its `rid` again, no push under way can make a repository in it,
 * and collections delete what it held, bit by bit.
 */
export async function forsakeRegistry(transaction: Transaction, rid: string, nowMs: number): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .insertInto('deleted_registry')
    .values({ rid, deleted_at_ms: nowMs })
    .onConflict((conflict) => conflict.column('rid').doNothing())
    .execute()
}

/** Forgets deletions of before `beforeMs`, when every credential of then has expired, and repositories of before that never came to hold anything. */
export async function forgetAbandoned(transaction: Transaction, beforeMs: number): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  await tables.deleteFrom('repository_tombstone').where('deleted_at_ms', '<', beforeMs).execute()
  await tables
    .deleteFrom('repository')
    .where('published_at_ms', 'is', null)
    .where('created_at_ms', '<', beforeMs)
    .where((row) => row.not(row.exists(heldBy(row, 'repository_blob'))))
    .where((row) => row.not(row.exists(heldBy(row, 'upload'))))
    .where((row) => row.not(row.exists(heldBy(row, 'manifest'))))
    .where((row) => row.not(row.exists(heldBy(row, 'deleted_tag'))))
    .execute()
}

/** Of what was deleted and can be restored, manifests and tags may be all there is. */
type HoldingTable = 'repository_blob' | 'upload' | 'manifest' | 'deleted_tag'

function heldBy(row: ExpressionBuilder<RegistryTables, 'repository'>, table: HoldingTable) {
  return row.selectFrom(table).select('repository_id').whereRef('repository_id', '=', 'repository.id')
}

/** How many bytes the repositories of a registry hold; a blob that several of them share counts once. */
export async function sumContentBytes(database: Database, rid: string): Promise<number> {
  const tables = database.tables<RegistryTables>()
  const blobs = await tables
    .selectFrom('blob')
    .select(({ fn }) => fn.sum<number | string | null>('size_bytes').as('size_bytes'))
    .where('digest', 'in', (query) =>
      query
        .selectFrom('repository_blob')
        .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
        .select('repository_blob.digest')
        .where('repository.rid', '=', rid),
    )
    .executeTakeFirst()
  const manifests = await tables
    .selectFrom('manifest')
    .innerJoin('repository', 'repository.id', 'manifest.repository_id')
    .select(({ fn }) => fn.sum<number | string | null>('manifest.size_bytes').as('size_bytes'))
    .where('repository.rid', '=', rid)
    .executeTakeFirst()
  return Number(blobs?.size_bytes ?? 0) + Number(manifests?.size_bytes ?? 0)
}

/** What belongs to a repository and goes with it. */
const contentTables = ['tag', 'manifest_reference', 'manifest', 'repository_blob', 'upload'] as const
