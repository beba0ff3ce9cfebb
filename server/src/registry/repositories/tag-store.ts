import { sql } from 'kysely'
import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { Tag } from '@acrux/shared/standards/oci/reference.ts'
import { chunked } from '../rows/piece-store.ts'
import type { ListPage } from './list-order.ts'
import type { Actor } from '../protocol/ports.ts'
import { noLocks } from './locks.ts'
import { pusherColumns } from './pusher.ts'
import { isLocked, sweptManifests } from './repository-store.ts'
import type { LockColumns, RegistryTables, TagRow } from '../rows/rows.ts'

/** The prepared reads of tags. */
export type TagReads = {
  /** Names of the listed tags after a name, in byte order. */
  readonly listedAfter: PreparedRead<{ repository: string; after: string; limit: number }, { name: string }>
}

/** Prepares the reads of tags. */
export function prepareTagReads(database: Database): TagReads {
  return {
    listedAfter: database.prepare<
      RegistryTables,
      { repository: string; after: string; limit: number },
      { name: string }
    >(['repository', 'after', 'limit'], (tables, p) =>
      tables
        .selectFrom('tag')
        .select('name')
        .where('repository_id', '=', p.repository)
        .where('name', '>', p.after)
        .where('list_enabled', '=', 1)
        .where('manifest_digest', 'not in', sweptManifests(tables, p.repository))
        .orderBy('name')
        .limit(p.limit),
    ),
  }
}

/** A page of the tags that may be listed, of all or of one manifest. */
export async function listTags(
  database: Database,
  repositoryId: string,
  { order, after, limit }: ListPage,
  digest: string | undefined,
): Promise<TagRow[]> {
  const tables = database.tables<RegistryTables>()
  const all = tables
    .selectFrom('tag')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('list_enabled', '=', 1)
    .where('manifest_digest', 'not in', sweptManifests(tables, repositoryId))
    .limit(limit)
  const tags = digest === undefined ? all : all.where('manifest_digest', '=', digest)
  const position = after ?? { name: '', atMs: 0 }
  switch (order) {
    case 'name':
      return tags.where('name', '>', position.name).orderBy('name').execute()
    case 'oldest-first':
      return tags
        .where(sql<boolean>`(updated_at_ms, name) > (${position.atMs}, ${position.name})`)
        .orderBy('updated_at_ms')
        .orderBy('name')
        .execute()
    case 'newest-first':
      return tags
        .$if(after !== undefined, (query) =>
          query.where(sql<boolean>`(updated_at_ms, name) < (${position.atMs}, ${position.name})`),
        )
        .orderBy('updated_at_ms', 'desc')
        .orderBy('name', 'desc')
        .execute()
  }
}

/** A tag, as committed. */
export async function readTag(database: Database, repositoryId: string, tag: string): Promise<TagRow | undefined> {
  const tables = database.tables<RegistryTables>()
  return tables
    .selectFrom('tag')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('name', '=', tag)
    .where('manifest_digest', 'not in', sweptManifests(tables, repositoryId))
    .executeTakeFirst()
}

/** The maximum number of tags of each manifest in a list of manifests. */
const maxShownTags = 1000

/** How many tags one statement reads: more than are shown, so that each statement completes a manifest. */
const maxReadTags = 2 * maxShownTags

/**
 * The names of the tags of manifests, by digest; also those that may not be listed, so that no manifest appears to be
 * untagged.
 */
export async function readTagNames(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>()
  for (const chunk of chunked(digests)) {
    let unread = chunk
    while (unread.length > 0) {
      const rows = await database
        .tables<RegistryTables>()
        .selectFrom('tag')
        .select(['manifest_digest', 'name'])
        .where('repository_id', '=', repositoryId)
        .where('manifest_digest', 'in', unread)
        .orderBy('manifest_digest')
        .orderBy('name')
        .limit(maxReadTags)
        .execute()
      const read = Map.groupBy(rows, ({ manifest_digest }) => manifest_digest)
      for (const [digest, tags] of read)
        names.set(
          digest,
          tags.slice(0, maxShownTags).map(({ name }) => name),
        )
      if (rows.length < maxReadTags) break
      // The last manifest may have more tags, and later manifests were not reached.
      const last = rows.at(-1)?.manifest_digest ?? ''
      unread = unread.filter((digest) => digest > last || (digest === last && !isFull(names.get(digest))))
    }
  }
  return names
}

function isFull(tags: readonly string[] = []): boolean {
  return tags.length === maxShownTags
}

/** The existing ones of the tags, within the transaction. */
export async function findTags(
  transaction: Transaction,
  repositoryId: string,
  tags: readonly Tag[],
): Promise<TagRow[]> {
  const tables = transaction.tables<RegistryTables>()
  const found: TagRow[] = []
  for (const chunk of chunked(tags)) {
    const rows = await tables
      .selectFrom('tag')
      .selectAll()
      .where('repository_id', '=', repositoryId)
      .where('name', 'in', chunk)
      .where('manifest_digest', 'not in', sweptManifests(tables, repositoryId))
      .execute()
    for (const row of rows) found.push(row)
  }
  return found
}

/** The existing ones of the tags, as committed. */
export async function existingTags(
  database: Database,
  rid: string,
  repository: string,
  tags: readonly Tag[],
): Promise<string[]> {
  const found: string[] = []
  for (const chunk of chunked(tags)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('tag')
      .innerJoin('repository', 'repository.id', 'tag.repository_id')
      .select('tag.name')
      .where('repository.rid', '=', rid)
      .where('repository.name', '=', repository)
      .where('tag.name', 'in', chunk)
      .where((row) =>
        row.not(
          row.exists(
            row
              .selectFrom('deleted_manifest')
              .select('deleted_manifest.digest')
              .whereRef('deleted_manifest.repository_id', '=', 'tag.repository_id')
              .whereRef('deleted_manifest.digest', '=', 'tag.manifest_digest'),
          ),
        ),
      )
      .execute()
    for (const { name } of rows) found.push(name)
  }
  return found
}

/** The number of tags of a manifest, their first names, and whether one is locked. */
export async function summarizeTags(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
  maxNames: number,
): Promise<{ readonly count: number; readonly names: readonly string[]; readonly isLocked: boolean }> {
  const tags = transaction
    .tables<RegistryTables>()
    .selectFrom('tag')
    .where('repository_id', '=', repositoryId)
    .where('manifest_digest', '=', digest)
  const locked = await tags.select('name').where(isLocked).limit(1).executeTakeFirst()
  const first = await tags.select('name').orderBy('name').limit(maxNames).execute()
  const names = first.map(({ name }) => name)
  if (names.length < maxNames) return { count: names.length, names, isLocked: locked !== undefined }
  const counted = await tags.select(({ fn }) => fn.countAll().as('count')).executeTakeFirst()
  return { count: Number(counted?.count ?? 0), names, isLocked: locked !== undefined }
}

/** A move of tags to a manifest. */
export type TagMove = {
  readonly tags: readonly Tag[]
  readonly digest: Digest
  readonly nowMs: number
  readonly by: Actor | undefined
}

/**
 * Points tags to a manifest, and creates the missing ones. Their times differ, as at ACR, so that a list by time has their order:
 * the last tag is from now, and each other one a millisecond older.
 */
export async function moveTags(
  transaction: Transaction,
  repositoryId: string,
  { tags, digest, nowMs, by }: TagMove,
): Promise<void> {
  const pusher = pusherColumns(by)
  const rows = tags.map((name, index) => {
    const atMs = nowMs - (tags.length - 1 - index)
    const times = { created_at_ms: atMs, updated_at_ms: atMs, pushed_at_ms: atMs }
    return { repository_id: repositoryId, name, manifest_digest: digest, ...times, ...noLocks, ...pusher }
  })
  for (const chunk of chunked(rows)) {
    await transaction
      .tables<RegistryTables>()
      .insertInto('tag')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['repository_id', 'name']).doUpdateSet((row) => ({
          manifest_digest: digest,
          updated_at_ms: row.ref('excluded.updated_at_ms'),
          pushed_at_ms: row.ref('excluded.pushed_at_ms'),
          ...pusher,
        })),
      )
      .execute()
  }
}

/** Sets locks of a tag. */
export async function lockTag(
  transaction: Transaction,
  repositoryId: string,
  tag: Tag,
  change: Partial<LockColumns>,
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('tag')
    .set(change)
    .where('repository_id', '=', repositoryId)
    .where('name', '=', tag)
    .execute()
}

/** Deletes a tag; its manifest stays. */
export async function deleteTagRow(transaction: Transaction, repositoryId: string, tag: Tag): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('tag')
    .where('repository_id', '=', repositoryId)
    .where('name', '=', tag)
    .execute()
}
