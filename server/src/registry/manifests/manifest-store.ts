import { type Kysely, sql } from 'kysely'
import type { Database, PreparedRead, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { chunked } from '../rows/piece-store.ts'
import type { HeaderLines } from '../protocol/call.ts'
import type { Actor } from '../protocol/ports.ts'
import type { ListPage } from '../repositories/list-order.ts'
import { pusherColumns } from '../repositories/pusher.ts'
import type { LockColumns, ManifestReferenceRow, ManifestRow, PushColumns, RegistryTables } from '../rows/rows.ts'

/** A manifest to serve, with everything that may forbid it. */
export type ServedManifest = {
  readonly digest: Digest
  readonly media_type: string
  readonly size_bytes: number
  readonly read_enabled: number
  readonly repository_read_enabled: number
  /** 1 for a request by digest. */
  readonly tag_read_enabled: number
  readonly predecessor_deletion: number | null
  /** When it was found to be corrupt. Clients do not find it then. */
  readonly quarantined_at_ms: number | null
}

export type ServedManifestContent = ServedManifest & { readonly content: Uint8Array }

/**
 * A manifest whose stored bytes have been verified. `text` is those bytes, one character each, which Node writes fastest;
 * undefined for a large manifest.
 */
export type CachedManifest = ServedManifest & { readonly text: string | undefined; readonly headers: HeaderLines }

/** A manifest in a list. */
export type ListedManifest = Omit<
  ManifestRow,
  | 'annotations'
  | 'content'
  | 'digest'
  | 'untagged_at_ms'
  | 'deleted_at_ms'
  | 'quarantined_at_ms'
  | 'platform_size_bytes'
  | keyof PushColumns
> & { readonly digest: Digest }

type ByTag = { rid: string; repository: string; tag: string }
type ByDigest = { rid: string; repository: string; digest: string }

/** The prepared reads of manifests: one statement reads everything that a response needs. */
export type ManifestReads = {
  readonly getByTag: PreparedRead<ByTag, ServedManifestContent>
  readonly findByTag: PreparedRead<ByTag, ServedManifest>
  readonly getByDigest: PreparedRead<ByDigest, ServedManifestContent>
}

/** Prepares the reads of manifests. */
export function prepareManifestReads(database: Database): ManifestReads {
  const tagParameters = ['rid', 'repository', 'tag'] as const
  const digestParameters = ['rid', 'repository', 'digest'] as const
  return {
    getByTag: database.prepare<RegistryTables, ByTag, ServedManifestContent>(tagParameters, (tables, p) =>
      byTag(tables, p).select('manifest.content'),
    ),
    findByTag: database.prepare<RegistryTables, ByTag, ServedManifest>(tagParameters, byTag),
    getByDigest: database.prepare<RegistryTables, ByDigest, ServedManifestContent>(digestParameters, (tables, p) =>
      byDigest(tables, p).select('manifest.content'),
    ),
  }
}

const servedColumns = [
  'manifest.media_type',
  'manifest.size_bytes',
  'manifest.read_enabled',
  'manifest.quarantined_at_ms',
  'repository.read_enabled as repository_read_enabled',
  'repository.predecessor_deletion',
] as const

function byTag(tables: Kysely<RegistryTables>, p: ByTag) {
  return tables
    .selectFrom('repository')
    .innerJoin('tag', 'tag.repository_id', 'repository.id')
    .innerJoin('manifest', (join) =>
      join
        .onRef('manifest.repository_id', '=', 'tag.repository_id')
        .onRef('manifest.digest', '=', 'tag.manifest_digest'),
    )
    .select(servedColumns)
    .select([
      'tag.read_enabled as tag_read_enabled',
      (row) => row.ref('manifest.digest').$castTo<Digest>().as('digest'),
    ])
    .where('repository.rid', '=', p.rid)
    .where('repository.name', '=', p.repository)
    .where('tag.name', '=', p.tag)
}

function byDigest(tables: Kysely<RegistryTables>, p: ByDigest) {
  return tables
    .selectFrom('repository')
    .innerJoin('manifest', 'manifest.repository_id', 'repository.id')
    .select(servedColumns)
    .select([
      sql.lit(1).$castTo<number>().as('tag_read_enabled'),
      (row) => row.ref('manifest.digest').$castTo<Digest>().as('digest'),
    ])
    .where('repository.rid', '=', p.rid)
    .where('repository.name', '=', p.repository)
    .where('manifest.digest', '=', p.digest)
}

/** The small columns of a manifest. */
export const listedManifestColumns = [
  'repository_id',
  'digest',
  'media_type',
  'size_bytes',
  'image_size_bytes',
  'config_media_type',
  'architecture',
  'os',
  'artifact_type',
  'subject_digest',
  'created_at_ms',
  'updated_at_ms',
  'delete_enabled',
  'write_enabled',
  'list_enabled',
  'read_enabled',
] as const

/** A manifest within the transaction, without its bytes. */
export async function findManifest(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
): Promise<ListedManifest | undefined> {
  return transaction
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select(listedManifestColumns)
    .$castTo<ListedManifest>()
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .executeTakeFirst()
}

/** A manifest as committed, with its bytes. */
export async function readManifest(
  database: Database,
  repositoryId: string,
  digest: Digest,
): Promise<(ListedManifest & Pick<ManifestRow, 'content'>) | undefined> {
  return database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select([...listedManifestColumns, 'content'])
    .$narrowType<{ digest: Digest }>()
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .executeTakeFirst()
}

/** When a manifest was last updated. */
export async function readManifestTime(
  database: Database,
  repositoryId: string,
  digest: string,
): Promise<number | undefined> {
  const row = await database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select('updated_at_ms')
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row?.updated_at_ms
}

/** A page of the manifests that may be listed; the name of a manifest is its digest. */
export async function listManifests(
  database: Database,
  repositoryId: string,
  { order, after, limit }: ListPage,
): Promise<ListedManifest[]> {
  const manifests = database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select(listedManifestColumns)
    .$narrowType<{ digest: Digest }>()
    .where('repository_id', '=', repositoryId)
    .where('list_enabled', '=', 1)
    .limit(limit)
  const position = after ?? { name: '', atMs: 0 }
  switch (order) {
    case 'name':
      return manifests.where('digest', '>', position.name).orderBy('digest').execute()
    case 'oldest-first':
      return manifests
        .where(sql<boolean>`(updated_at_ms, digest) > (${position.atMs}, ${position.name})`)
        .orderBy('updated_at_ms')
        .orderBy('digest')
        .execute()
    case 'newest-first':
      return manifests
        .$if(after !== undefined, (query) =>
          query.where(sql<boolean>`(updated_at_ms, digest) < (${position.atMs}, ${position.name})`),
        )
        .orderBy('updated_at_ms', 'desc')
        .orderBy('digest', 'desc')
        .execute()
  }
}

/** The small columns of some manifests that may be listed, by digest. */
export async function readListedManifests(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Map<string, ListedManifest>> {
  const found = new Map<string, ListedManifest>()
  for (const chunk of chunked(digests)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('manifest')
      .select(listedManifestColumns)
      .$narrowType<{ digest: Digest }>()
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .where('list_enabled', '=', 1)
      .execute()
    for (const row of rows) found.set(row.digest, row)
  }
  return found
}

/** How many children of all indexes of a list are read. */
const maxListedChildren = 5000

/** A manifest that an index names, with the platform of its configuration and its size. */
export type ListedChild = Pick<ManifestRow, 'digest' | 'architecture' | 'os' | 'image_size_bytes'>

/** The children of indexes, by the digest of the index, as far as the repository holds them. */
export async function readListedChildren(
  database: Database,
  repositoryId: string,
  indexes: readonly string[],
): Promise<Map<string, ListedChild[]>> {
  if (indexes.length === 0) return new Map()
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('manifest_reference as named')
    .innerJoin('manifest as child', (join) =>
      join.onRef('child.repository_id', '=', 'named.repository_id').onRef('child.digest', '=', 'named.digest'),
    )
    .select([
      'named.manifest_digest as index',
      'child.digest',
      'child.architecture',
      'child.os',
      'child.image_size_bytes',
    ])
    .where('named.repository_id', '=', repositoryId)
    .where('named.manifest_digest', 'in', indexes)
    .where('named.kind', '=', 'manifest')
    .orderBy('named.manifest_digest')
    .orderBy('named.digest')
    .limit(maxListedChildren)
    .execute()
  return Map.groupBy(rows, ({ index }) => index)
}

/** The sizes, by digest, of the blobs that the repository holds. */
export async function linkedBlobSizes(
  transaction: Transaction,
  repositoryId: string,
  digests: readonly Digest[],
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const chunk of chunked(digests)) {
    const rows = await transaction
      .tables<RegistryTables>()
      .selectFrom('repository_blob')
      .innerJoin('blob', 'blob.digest', 'repository_blob.digest')
      .select(['blob.digest', 'blob.size_bytes'])
      .where('repository_blob.repository_id', '=', repositoryId)
      .where('repository_blob.digest', 'in', chunk)
      .where('blob.quarantined_at_ms', 'is', null)
      .execute()
    for (const { digest, size_bytes } of rows) sizes.set(digest, size_bytes)
  }
  return sizes
}

/** The image sizes, by digest, of the manifests that the repository holds. */
export async function childImageSizes(
  transaction: Transaction,
  repositoryId: string,
  digests: readonly Digest[],
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const chunk of chunked(digests)) {
    const rows = await transaction
      .tables<RegistryTables>()
      .selectFrom('manifest')
      .select(['digest', 'image_size_bytes'])
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .execute()
    for (const { digest, image_size_bytes } of rows) sizes.set(digest, image_size_bytes)
  }
  return sizes
}

/** Adds a manifest and its references. */
export async function insertManifest(
  transaction: Transaction,
  row: ManifestRow,
  references: readonly ManifestReferenceRow[],
): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  await tables.insertInto('manifest').values(row).execute()
  for (const chunk of chunked(references)) await tables.insertInto('manifest_reference').values(chunk).execute()
}

/** Records that an existing manifest was pushed again. */
export async function touchManifest(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
  { nowMs, by }: { readonly nowMs: number; readonly by: Actor | undefined },
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .updateTable('manifest')
    .set({ updated_at_ms: nowMs, pushed_at_ms: nowMs, ...pusherColumns(by) })
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .execute()
}

/** Restores the bytes of a manifest if the stored ones differ or are in quarantine. Returns whether it did. */
export async function repairManifest(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
  content: Uint8Array,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .tables<RegistryTables>()
    .updateTable('manifest')
    .set({ content, size_bytes: content.byteLength, quarantined_at_ms: null })
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .where((row) => row.or([row('quarantined_at_ms', 'is not', null), row('content', '!=', content)]))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Sets locks of a manifest. */
export async function lockManifest(
  transaction: Transaction,
  repositoryId: string,
  digest: Digest,
  change: Partial<LockColumns>,
): Promise<void> {
  if (change.read_enabled !== undefined) transaction.changesContent()
  await transaction
    .tables<RegistryTables>()
    .updateTable('manifest')
    .set(change)
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .execute()
}

/** Records that manifests have lost a tag. */
export async function markUntagged(
  transaction: Transaction,
  repositoryId: string,
  digests: readonly string[],
  nowMs: number,
): Promise<void> {
  for (const chunk of chunked(digests)) {
    await transaction
      .tables<RegistryTables>()
      .updateTable('manifest')
      .set({ untagged_at_ms: nowMs })
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .execute()
  }
}
