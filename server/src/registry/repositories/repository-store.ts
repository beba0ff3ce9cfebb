import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { OciError } from '../protocol/errors.ts'
import type { Actor } from '../protocol/ports.ts'
import { noLocks } from './locks.ts'
import { pusherColumns } from './pusher.ts'
import type { LockColumns, RegistryTables, RepositoryRow } from '../rows/rows.ts'

/** The prepared reads of repositories. */
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

/** A repository, within the transaction. */
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
 * Finds a repository, or creates it unpublished: it can have uploads and blobs, but no list contains it before its
 * first manifest.
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
    .select('deletion')
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
    predecessor_deletion: tombstone?.deletion ?? null,
    description: null,
    last_push_ms: null,
    ...pusherColumns(undefined),
    ...noLocks,
  }
  await tables.insertInto('repository').values(made).execute()
  return made
}

/** A change of a repository's content. */
export type RepositoryChange = {
  readonly manifests: number
  readonly tags: number
  readonly nowMs: number
  /** Who pushed, if it is a push. */
  readonly push?: { readonly by: Actor | undefined }
}

/** Updates the time, the counts and the last push of a repository. The first manifest publishes it. */
export async function recordChange(
  transaction: Transaction,
  repositoryId: string,
  { manifests, tags, nowMs, push }: RepositoryChange,
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('repository')
    .set((row) => ({
      updated_at_ms: nowMs,
      manifest_count: row('manifest_count', '+', manifests),
      tag_count: row('tag_count', '+', tags),
      ...(push !== undefined && { last_push_ms: nowMs, ...pusherColumns(push.by) }),
      ...(manifests > 0 && { published_at_ms: sql<number>`coalesce(published_at_ms, ${nowMs})` }),
    }))
    .where('id', '=', repositoryId)
    .execute()
}

/** Sets locks or the description of a repository. */
export async function updateRepository(
  transaction: Transaction,
  repositoryId: string,
  change: Partial<LockColumns & Pick<RepositoryRow, 'description'>>,
): Promise<void> {
  if (change.read_enabled !== undefined) transaction.changesContent()
  await transaction
    .tables<RegistryTables>()
    .updateTable('repository')
    .set(change)
    .where('id', '=', repositoryId)
    .execute()
}

/** Whether a lock on a manifest or tag prevents the deletion of a repository. */
export async function holdsLocked(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  for (const table of ['manifest', 'tag'] as const) {
    const locked = await tables
      .selectFrom(table)
      .select('repository_id')
      .where('repository_id', '=', repositoryId)
      .where(isLocked)
      .limit(1)
      .executeTakeFirst()
    if (locked !== undefined) return true
  }
  return false
}

/** The condition of the partial indexes on locked rows. The text must be the same, or the indexes are not used. */
export const isLocked = sql<boolean>`(delete_enabled = 0 or write_enabled = 0)`

/** The maximum number of names of each kind in the response to a deletion, and how many are read at once. */
const maxNamed = 10_000
const namesRead = 1000

/** The digests of the manifests and the names of the tags of a repository, at most ten thousand of each, in order. */
export async function readContent(
  database: Database,
  repositoryId: string,
): Promise<{ readonly digests: readonly string[]; readonly tags: readonly string[] }> {
  const tables = database.tables<RegistryTables>()
  const digests = await readNames((after) =>
    tables
      .selectFrom('manifest')
      .select('digest as name')
      .where('repository_id', '=', repositoryId)
      .where('digest', '>', after)
      .orderBy('digest')
      .limit(namesRead)
      .execute(),
  )
  const tags = await readNames((after) =>
    tables
      .selectFrom('tag')
      .select('name')
      .where('repository_id', '=', repositoryId)
      .where('name', '>', after)
      .where('manifest_digest', 'not in', sweptManifests(tables, repositoryId))
      .orderBy('name')
      .limit(namesRead)
      .execute(),
  )
  return { digests, tags }
}

async function readNames(read: (after: string) => Promise<readonly { readonly name: string }[]>): Promise<string[]> {
  const names: string[] = []
  while (names.length < maxNamed) {
    const page = await read(names.at(-1) ?? '')
    for (const { name } of page) names.push(name)
    if (page.length < namesRead) break
    await nextTurn()
  }
  return names
}

/** The deleted manifests of a repository that still have tags. Those tags are hidden. */
export function sweptManifests(tables: Kysely<RegistryTables>, repositoryId: string) {
  return tables.selectFrom('deleted_manifest').select('digest').where('repository_id', '=', repositoryId)
}

/** The prefix of the name of a deleted repository, until its rows are deleted. No client can send it. */
const sweptPrefix = '_swept/'

/**
 * Deletes a repository: it and its content are hidden at once, and its rows are deleted later, or moved to the
 * soft-deleted content. Credentials issued before are rejected by a later repository of the same name.
 */
export async function deleteRepository(
  transaction: Transaction,
  { id, rid, name }: RepositoryRow,
  { nowMs, isRestorable }: { readonly nowMs: number; readonly isRestorable: boolean },
): Promise<void> {
  transaction.changesAuthority()
  transaction.changesContent()
  const tables = transaction.tables<RegistryTables>()
  await tables
    .updateTable('repository')
    .set({ name: sweptPrefix + id, published_at_ms: null })
    .where('id', '=', id)
    .execute()
  const kept_as = isRestorable ? name : null
  await tables.insertInto('deleted_repository').values({ id, rid, kept_as, deleted_at_ms: nowMs }).execute()
  const deletion = await countDeletion(tables)
  await tables
    .insertInto('repository_tombstone')
    .values({ rid, name, deletion, deleted_at_ms: nowMs })
    .onConflict((conflict) => conflict.columns(['rid', 'name']).doUpdateSet({ deletion, deleted_at_ms: nowMs }))
    .execute()
}

async function countDeletion(tables: Kysely<RegistryTables>): Promise<number> {
  const { count } = await tables
    .updateTable('repository_deletions')
    .set((row) => ({ count: row('count', '+', 1) }))
    .returning('count')
    .executeTakeFirstOrThrow()
  return count
}

/**
 * Records that a registry is deleted. From then on, no push can create a repository in it, and the next collections delete
 * its content in pieces.
 */
export async function deleteRegistryContent(transaction: Transaction, rid: string, nowMs: number): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .insertInto('deleted_registry')
    .values({ rid, deleted_at_ms: nowMs })
    .onConflict((conflict) => conflict.column('rid').doNothing())
    .execute()
}
