import { type Kysely, sql } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '../../spec/digest.ts'
import type { RepositoryName } from '../../spec/repository-name.ts'
import { type ListedManifest, listedManifestColumns } from '../manifests/manifest-store.ts'
import { findRepository, openRepository } from '../repositories/repository-store.ts'
import type { DeletedTagRow, RegistryTables, RepositoryRow, TagRow } from '../tables.ts'

/*
 * What was deleted and can be restored lies in a repository of its own beside the one it was deleted from. No client can
 * name it, since no name begins with an underscore; it is never published; and it holds its blobs as every repository does,
 * so that nothing else needs to know of it.
 */
const prefix = '_deleted/'
/** The first name after all that begin with the prefix. */
const afterPrefix = '_deleted0'

/** The repository with what was deleted from the one of this name; undefined where there is none. */
export function findDeleted(transaction: Transaction, rid: string, name: string): Promise<RepositoryRow | undefined> {
  return findRepository(transaction, rid, prefix + name)
}

/** Where something was deleted, and when. */
type Deletion = { readonly from: Pick<RepositoryRow, 'id' | 'rid' | 'name'>; readonly nowMs: number }

/** Remembers a tag that is deleted while its manifest stays. */
export async function keepTag(transaction: Transaction, { from, nowMs }: Deletion, tag: TagRow): Promise<void> {
  const { id } = await openRepository(transaction, from.rid, prefix + from.name, nowMs)
  const { name, manifest_digest, created_at_ms, updated_at_ms } = tag
  const row = { repository_id: id, name, manifest_digest, created_at_ms, updated_at_ms, deleted_at_ms: nowMs }
  await transaction
    .tables<RegistryTables>()
    .insertInto('deleted_tag')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'name', 'manifest_digest']).doUpdateSet({ deleted_at_ms: nowMs }),
    )
    .execute()
}

/** Moves a manifest, or all of them, with its tags to where it can be restored from. */
export async function keepManifests(
  transaction: Transaction,
  { from, nowMs }: Deletion,
  digest?: Digest,
): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  const { id } = await openRepository(transaction, from.rid, prefix + from.name, nowMs)
  await keepTagsOf(tables, id, { from, nowMs }, digest)
  // The same may have been deleted before, and pushed again since.
  const moved = tables
    .selectFrom('manifest as live')
    .select('live.digest')
    .where('live.repository_id', '=', from.id)
    .$if(digest !== undefined, (query) => query.where('live.digest', '=', digest ?? ''))
  await tables
    .deleteFrom('manifest_reference')
    .where('repository_id', '=', id)
    .where('manifest_digest', 'in', moved)
    .execute()
  await tables.deleteFrom('manifest').where('repository_id', '=', id).where('digest', 'in', moved).execute()
  await tables
    .updateTable('manifest')
    .set({ repository_id: id, deleted_at_ms: nowMs })
    .where('repository_id', '=', from.id)
    .$if(digest !== undefined, (query) => query.where('digest', '=', digest ?? ''))
    .execute()
  await moveReferences(tables, from.id, id, digest)
  await linkNamedBlobs(tables, { from: from.id, to: id, digest, nowMs })
}

async function keepTagsOf(
  tables: Kysely<RegistryTables>,
  keptIn: string,
  { from, nowMs }: Deletion,
  digest: Digest | undefined,
): Promise<void> {
  await tables
    .insertInto('deleted_tag')
    .columns(['repository_id', 'name', 'manifest_digest', 'created_at_ms', 'updated_at_ms', 'deleted_at_ms'])
    .expression((query) =>
      query
        .selectFrom('tag')
        .select([text(keptIn).as('repository_id'), 'name', 'manifest_digest', 'created_at_ms', 'updated_at_ms'])
        .select(integer(nowMs).as('deleted_at_ms'))
        .where('repository_id', '=', from.id)
        .$if(digest !== undefined, (tags) => tags.where('manifest_digest', '=', digest ?? '')),
    )
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'name', 'manifest_digest']).doUpdateSet({ deleted_at_ms: nowMs }),
    )
    .execute()
  await tables
    .deleteFrom('tag')
    .where('repository_id', '=', from.id)
    .$if(digest !== undefined, (tags) => tags.where('manifest_digest', '=', digest ?? ''))
    .execute()
}

async function moveReferences(
  tables: Kysely<RegistryTables>,
  from: string,
  to: string,
  digest: Digest | undefined,
): Promise<void> {
  await tables
    .updateTable('manifest_reference')
    .set({ repository_id: to })
    .where('repository_id', '=', from)
    .$if(digest !== undefined, (query) => query.where('manifest_digest', '=', digest ?? ''))
    .execute()
}

type BlobLinks = {
  readonly from: string
  readonly to: string
  readonly digest: Digest | undefined
  readonly nowMs: number
}

/** Has a repository hold the blobs that its manifests name, as another one does; the manifests keep them without a lease. */
async function linkNamedBlobs(tables: Kysely<RegistryTables>, { from, to, digest, nowMs }: BlobLinks): Promise<void> {
  await tables
    .insertInto('repository_blob')
    .columns(['repository_id', 'digest', 'linked_at_ms', 'lease_until_ms'])
    .expression((query) =>
      query
        .selectFrom('manifest_reference as named')
        .innerJoin('repository_blob as held', (join) =>
          join.onRef('held.digest', '=', 'named.digest').on('held.repository_id', '=', from),
        )
        .select([text(to).as('repository_id'), 'held.digest'])
        .select([integer(nowMs).as('linked_at_ms'), integer(nowMs).as('lease_until_ms')])
        .distinct()
        .where('named.repository_id', '=', to)
        .where('named.kind', '=', 'blob')
        .$if(digest !== undefined, (names) => names.where('named.manifest_digest', '=', digest ?? '')),
    )
    .onConflict((conflict) => conflict.columns(['repository_id', 'digest']).doNothing())
    .execute()
}

/** Moves a manifest back from where it was kept, with the blobs that it names. */
export async function restoreManifestRows(
  transaction: Transaction,
  { from, to, digest, nowMs }: BlobLinks & { readonly digest: Digest },
): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  await tables
    .updateTable('manifest')
    .set({ repository_id: to, deleted_at_ms: null, untagged_at_ms: nowMs })
    .where('repository_id', '=', from)
    .where('digest', '=', digest)
    .execute()
  await moveReferences(tables, from, to, digest)
  await linkNamedBlobs(tables, { from, to, digest, nowMs })
}

/** Forgets that a tag of a manifest was deleted. */
export async function forgetDeletedTag(
  transaction: Transaction,
  repositoryId: string,
  name: string,
  digest: Digest,
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('deleted_tag')
    .where('repository_id', '=', repositoryId)
    .where('name', '=', name)
    .where('manifest_digest', '=', digest)
    .execute()
}

/** Names after a name of the repositories from which something was deleted that can be restored, in byte order. */
export async function listDeletedNames(
  database: Database,
  rid: string,
  after: string,
  limit: number,
): Promise<RepositoryName[]> {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select('name')
    .where('rid', '=', rid)
    .where('name', '>', prefix + after)
    .where('name', '<', afterPrefix)
    .where((row) =>
      row.or([
        row.exists(row.selectFrom('manifest').select('digest').whereRef('repository_id', '=', 'repository.id')),
        row.exists(row.selectFrom('deleted_tag').select('name').whereRef('repository_id', '=', 'repository.id')),
      ]),
    )
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map(({ name }) => name.slice(prefix.length) as RepositoryName)
}

/** Whose deleted content is listed. */
type DeletedFrom = { readonly rid: string; readonly name: string }

/** The deleted manifests after a digest; one that was pushed again since is none. */
export async function listDeletedManifestRows(
  database: Database,
  { rid, name }: DeletedFrom,
  after: string,
  limit: number,
): Promise<(ListedManifest & { readonly deleted_at_ms: number })[]> {
  const tables = database.tables<RegistryTables>()
  return tables
    .selectFrom('manifest')
    .select(listedManifestColumns)
    .select('deleted_at_ms')
    .$narrowType<{ digest: Digest; deleted_at_ms: number }>()
    .where('repository_id', 'in', repositoryIds(tables, rid, prefix + name))
    .where('digest', '>', after)
    .where('digest', 'not in', (query) =>
      query
        .selectFrom('manifest as live')
        .select('live.digest')
        .where('live.repository_id', 'in', repositoryIds(tables, rid, name))
        .whereRef('live.digest', '=', 'manifest.digest'),
    )
    .orderBy('digest')
    .limit(limit)
    .execute()
}

/** The deleted tags after one of them, in the order of their deletion: `az acr manifest restore` takes the last of a name. */
export async function listDeletedTagRows(
  database: Database,
  { rid, name }: DeletedFrom,
  after: Pick<DeletedTagRow, 'deleted_at_ms' | 'name' | 'manifest_digest'>,
  limit: number,
): Promise<DeletedTagRow[]> {
  const tables = database.tables<RegistryTables>()
  return tables
    .selectFrom('deleted_tag')
    .selectAll()
    .where('repository_id', 'in', repositoryIds(tables, rid, prefix + name))
    .where(
      sql<boolean>`(deleted_at_ms, name, manifest_digest) > (${after.deleted_at_ms}, ${after.name}, ${after.manifest_digest})`,
    )
    .orderBy('deleted_at_ms')
    .orderBy('name')
    .orderBy('manifest_digest')
    .limit(limit)
    .execute()
}

/** Forgets, for good, some of what was deleted in a registry before an instant; returns how many manifests and tags. */
export async function purgeSome(
  transaction: Transaction,
  rid: string,
  beforeMs: number,
  limit: number,
): Promise<number> {
  const tables = transaction.tables<RegistryTables>()
  const manifests = await tables
    .selectFrom('manifest')
    .innerJoin('repository', 'repository.id', 'manifest.repository_id')
    .select(['manifest.repository_id', 'manifest.digest'])
    .where('repository.rid', '=', rid)
    .where('manifest.deleted_at_ms', '<', beforeMs)
    .limit(limit)
    .execute()
  for (const { repository_id, digest } of manifests) {
    await tables
      .deleteFrom('manifest_reference')
      .where('repository_id', '=', repository_id)
      .where('manifest_digest', '=', digest)
      .execute()
    await tables
      .deleteFrom('manifest')
      .where('repository_id', '=', repository_id)
      .where('digest', '=', digest)
      .execute()
  }
  const tags = await tables
    .selectFrom('deleted_tag')
    .innerJoin('repository', 'repository.id', 'deleted_tag.repository_id')
    .select(['deleted_tag.repository_id', 'deleted_tag.name', 'deleted_tag.manifest_digest'])
    .where('repository.rid', '=', rid)
    .where('deleted_tag.deleted_at_ms', '<', beforeMs)
    .limit(limit)
    .execute()
  for (const { repository_id, name, manifest_digest } of tags) {
    await forgetDeletedTag(transaction, repository_id, name, manifest_digest as Digest)
  }
  return manifests.length + tags.length
}

function repositoryIds(tables: Kysely<RegistryTables>, rid: string, name: string) {
  return tables
    .selectFrom('repository')
    .select('repository.id')
    .where('rid', '=', rid)
    .where('repository.name', '=', name)
}

/** A value among selected columns, of a type that PostgreSQL would otherwise have to guess. */
function text(value: string) {
  return sql<string>`cast(${value} as text)`
}

function integer(value: number) {
  return sql<number>`cast(${value} as bigint)`
}
