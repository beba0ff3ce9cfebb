import { sql } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { chunked } from '../rows/piece-store.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** A manifest with a subject, without its annotations. */
export type Referrer = {
  readonly digest: string
  readonly media_type: string
  readonly size_bytes: number
  readonly artifact_type: string | null
  /** The size of its annotations as JSON. */
  readonly annotation_bytes: number
}

/** The referrers to list: those of one artifact type, or all if it is empty. */
export type ReferrerFilter = {
  readonly subject: Digest
  readonly artifactType: string
  readonly after: string
  readonly limit: number
}

/** Referrers that may be listed and read, in the order of their digests. */
export async function readReferrers(
  database: Database,
  repositoryId: string,
  { subject, artifactType, after, limit }: ReferrerFilter,
): Promise<Referrer[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select(['digest', 'media_type', 'size_bytes', 'artifact_type'])
    .select(sql<number>`coalesce(octet_length(annotations), 0)`.as('annotation_bytes'))
    .where('repository_id', '=', repositoryId)
    .where('subject_digest', '=', subject)
    .where('digest', '>', after)
    .where('list_enabled', '=', 1)
    .where('read_enabled', '=', 1)
    .$if(artifactType !== '', (query) => query.where('artifact_type', '=', artifactType))
    .orderBy('digest')
    .limit(limit)
    .execute()
}

/** The annotations of manifests that have some, as JSON, by digest. */
export async function readAnnotations(
  database: Database,
  repositoryId: string,
  referrers: readonly Referrer[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const annotated = referrers.filter((row) => row.annotation_bytes > 0).map(({ digest }) => digest)
  for (const chunk of chunked(annotated)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('manifest')
      .select(['digest', 'annotations'])
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .execute()
    for (const { digest, annotations } of rows) if (annotations !== null) found.set(digest, annotations)
  }
  return found
}
