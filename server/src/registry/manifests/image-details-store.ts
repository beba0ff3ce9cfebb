import { sql } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import type { ImagePlace } from '../attached/attached-report-store.ts'
import { chunked } from '../rows/piece-store.ts'
import type { RegistryTables, TagRow } from '../rows/rows.ts'

/** The maximum number of tags of each image in a list. */
const maxImageTags = 20

/** How many rows of children and of attached artifacts are read for all images of a page. */
const maxRelated = 5000

/** A tag of an image in a list. */
export type ImageTag = Pick<TagRow, 'manifest_digest' | 'name' | 'write_enabled' | 'delete_enabled'>

/** The newest tags of manifests, newest first, by digest. */
export async function readNewestTags(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Map<string, ImageTag[]>> {
  const found = new Map<string, ImageTag[]>()
  for (const digest of digests) {
    const tags = await database
      .tables<RegistryTables>()
      .selectFrom('tag')
      .select(['manifest_digest', 'name', 'write_enabled', 'delete_enabled'])
      .where('repository_id', '=', repositoryId)
      .where('manifest_digest', '=', digest)
      .orderBy('updated_at_ms', 'desc')
      .orderBy('name', 'desc')
      .limit(maxImageTags)
      .execute()
    found.set(digest, tags)
  }
  return found
}

/** The number of tags of manifests, by digest. */
export async function countTags(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Map<string, number>> {
  if (digests.length === 0) return new Map()
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('tag')
    .select(['manifest_digest', ({ fn }) => fn.countAll().as('count')])
    .where('repository_id', '=', repositoryId)
    .where('manifest_digest', 'in', digests)
    .groupBy('manifest_digest')
    .execute()
  return new Map(rows.map(({ manifest_digest, count }) => [manifest_digest, Number(count)]))
}

/** The types of the artifacts that are attached to manifests, by the digest of the manifest. */
export async function readAttachedTypes(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
): Promise<Map<string, string[]>> {
  const types = new Map<string, string[]>()
  if (digests.length === 0) return types
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select(['subject_digest', 'artifact_type', 'config_media_type'])
    .where('repository_id', '=', repositoryId)
    .where('subject_digest', 'in', digests)
    .limit(maxRelated)
    .execute()
  for (const { subject_digest, artifact_type, config_media_type } of rows) {
    if (subject_digest === null) continue
    const known = types.get(subject_digest) ?? []
    known.push(artifact_type ?? config_media_type ?? '')
    types.set(subject_digest, known)
  }
  return types
}

/** Those of the names that are tags of the repository. */
export async function existingNames(
  database: Database,
  repositoryId: string,
  names: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const chunk of chunked(names)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('tag')
      .select('name')
      .where('repository_id', '=', repositoryId)
      .where('name', 'in', chunk)
      .execute()
    for (const { name } of rows) found.add(name)
  }
  return found
}

/** The sizes that are shown of manifests, by digest; large manifests, which SQLite reads slowly, have their whole size. */
export async function readShownSizes(
  database: Database,
  repositoryId: string,
  indexes: readonly string[],
): Promise<Map<string, number>> {
  if (indexes.length === 0) return new Map()
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select(['digest', 'platform_size_bytes'])
    .where('repository_id', '=', repositoryId)
    .where('digest', 'in', indexes)
    .where('platform_size_bytes', 'is not', null)
    .execute()
  return new Map(
    rows.flatMap((row) => (row.platform_size_bytes === null ? [] : [[row.digest, row.platform_size_bytes]])),
  )
}

/** How many of the newest tags of a repository are examined for its newest image: cosign sets up to three for each image. */
const maxNewest = 10

/** The digest to which the newest tag of the row of `repository` points; null without a tag. */
export const newestDigest = sql<string | null>`(select newest.manifest_digest
  from (select name, manifest_digest, updated_at_ms from tag
    where tag.repository_id = repository.id order by updated_at_ms desc, name desc limit ${sql.lit(maxNewest)}) as newest
  where newest.name not like 'sha256-%' order by newest.updated_at_ms desc, newest.name desc limit 1)`

/** The image of the newest tag of each repository, by the id of the repository. */
export async function readNewestImages(
  database: Database,
  repositoryIds: readonly string[],
): Promise<Map<string, ImagePlace>> {
  const found = new Map<string, ImagePlace>()
  for (const chunk of chunked(repositoryIds)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('repository')
      .select(['id', newestDigest.as('digest')])
      .where('id', 'in', chunk)
      .execute()
    for (const row of rows) {
      if (row.digest !== null) found.set(row.id, { repositoryId: row.id, digest: row.digest })
    }
  }
  return found
}
