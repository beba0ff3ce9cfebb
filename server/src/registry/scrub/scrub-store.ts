import { sql } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { BlobLocation } from '../../storage/index.ts'
import type { ManifestRow, RegistryTables, ScrubRow } from '../rows/rows.ts'
import type { RecordedBlob } from '../integrity/blob-integrity.ts'

/** A manifest with its bytes, and the repository that it is in. */
export type StoredManifest = Pick<ManifestRow, 'repository_id' | 'media_type' | 'size_bytes' | 'content'> & {
  readonly digest: Digest
  readonly quarantined_at_ms: number | null
  readonly rid: string
  readonly repository: string
}

/** A position among all manifests. */
export type ManifestPlace = { readonly repositoryId: string; readonly digest: string }

/** The next blobs by digest. */
export async function listRecordedBlobs(database: Database, after: string, limit: number): Promise<RecordedBlob[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('blob')
    .select(['digest', 'location', 'size_bytes', 'verified_at_ms', 'quarantined_at_ms', 'quarantine_reason'])
    .$narrowType<{ digest: Digest; location: BlobLocation }>()
    .where('digest', '>', after)
    .orderBy('digest')
    .limit(limit)
    .execute()
}

/** The next manifests by repository and digest, with their bytes. */
export async function listStoredManifests(
  database: Database,
  after: ManifestPlace,
  limit: number,
): Promise<StoredManifest[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .innerJoin('repository', 'repository.id', 'manifest.repository_id')
    .select([
      'manifest.repository_id',
      'manifest.digest',
      'manifest.media_type',
      'manifest.size_bytes',
      'manifest.content',
      'manifest.quarantined_at_ms',
      'repository.rid',
      'repository.name as repository',
    ])
    .$narrowType<{ digest: Digest }>()
    .where(sql<boolean>`(manifest.repository_id, manifest.digest) > (${after.repositoryId}, ${after.digest})`)
    .orderBy('manifest.repository_id')
    .orderBy('manifest.digest')
    .limit(limit)
    .execute()
}

/** The digests in the recorded references of a manifest. */
export async function recordedReferences(database: Database, manifest: StoredManifest): Promise<Set<string>> {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('manifest_reference')
    .select('digest')
    .where('repository_id', '=', manifest.repository_id)
    .where('manifest_digest', '=', manifest.digest)
    .execute()
  return new Set(rows.map(({ digest }) => digest))
}

/** The blobs of the list that a repository has, intact or not. */
export async function heldDigests(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Set<string>> {
  if (digests.length === 0) return new Set()
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('repository_blob')
    .innerJoin('blob', 'blob.digest', 'repository_blob.digest')
    .select('blob.digest')
    .where('repository_blob.repository_id', '=', repositoryId)
    .where('repository_blob.digest', 'in', digests)
    .execute()
  return new Set(rows.map(({ digest }) => digest))
}

/** A link of a repository to a blob, and whether the blob has a row. */
export type Link = { readonly digest: string; readonly repository_id: string; readonly blob: string | null }

/** The next links of repositories to blobs, by digest and repository. */
export async function listLinks(
  database: Database,
  after: { readonly digest: string; readonly repositoryId: string },
  limit: number,
): Promise<Link[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('repository_blob')
    .leftJoin('blob', 'blob.digest', 'repository_blob.digest')
    .select(['repository_blob.digest', 'repository_blob.repository_id', 'blob.digest as blob'])
    .where(
      sql<boolean>`(repository_blob.digest, repository_blob.repository_id) > (${after.digest}, ${after.repositoryId})`,
    )
    .orderBy('repository_blob.digest')
    .orderBy('repository_blob.repository_id')
    .limit(limit)
    .execute()
}

/** The number of blobs and manifests in quarantine. */
export async function countQuarantined(database: Database): Promise<number> {
  const tables = database.tables<RegistryTables>()
  const blobs = await tables
    .selectFrom('blob')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('quarantined_at_ms', 'is not', null)
    .executeTakeFirstOrThrow()
  const manifests = await tables
    .selectFrom('manifest')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('quarantined_at_ms', 'is not', null)
    .executeTakeFirstOrThrow()
  return blobs.count + manifests.count
}

/** The progress of the background scrub. */
export async function readScrub(database: Database): Promise<ScrubRow | undefined> {
  return database.tables<RegistryTables>().selectFrom('scrub').selectAll().executeTakeFirst()
}

/** Records the progress of the background scrub. */
export async function writeScrub(transaction: Transaction, row: Omit<ScrubRow, 'id'>): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .insertInto('scrub')
    .values({ id: 'background', ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
}
