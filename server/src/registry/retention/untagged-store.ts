import { sql } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { RegistryTables, RepositoryRow } from '../rows/rows.ts'

/** Which untagged manifests are old enough to be deleted. */
export type UntaggedAge = {
  /** Pushed before this instant. */
  readonly pushedBeforeMs: number
  /** And untagged since before this instant. */
  readonly untaggedBeforeMs: number
  /**
   * The earliest time of the push or the removal of the tag: manifests that were untagged before the policy was enabled
   * are not deleted.
   */
  readonly sinceMs: number
}

/** An untagged manifest, and since when. */
export type UntaggedManifest = { readonly digest: Digest; readonly sinceMs: number }

/** The repositories of a registry, after one of them, that are not locked against deletion. */
export async function listUnlockedRepositories(
  database: Database,
  rid: string,
  afterId: string,
  limit: number,
): Promise<Pick<RepositoryRow, 'id' | 'name'>[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select(['id', 'name'])
    .where('rid', '=', rid)
    .where('id', '>', afterId)
    .where('published_at_ms', 'is not', null)
    .where('delete_enabled', '=', 1)
    .where('write_enabled', '=', 1)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** A position among the manifests of a repository, in the order of their last push. */
export type UntaggedPlace = { readonly updated_at_ms: number; readonly digest: string }

/** The untagged manifests of one page of a repository. `next` is where the next page begins; undefined after the last page. */
export type UntaggedPage = { readonly untagged: readonly UntaggedManifest[]; readonly next: UntaggedPlace | undefined }

/** How many manifests one statement reads: it takes about a millisecond of the thread that also serves requests. */
const readManifests = 200

/**
 * The next unreferenced manifests of a repository. Manifests with a tag or in an index are excluded by database indexes
 * only.
 */
export async function listUntaggedPage(
  database: Database,
  repositoryId: string,
  age: UntaggedAge,
  after: UntaggedPlace,
): Promise<UntaggedPage> {
  const page = await database
    .tables<RegistryTables>()
    .selectFrom((query) =>
      query
        .selectFrom('manifest')
        .select(['digest', 'updated_at_ms'])
        .where('repository_id', '=', repositoryId)
        .where('updated_at_ms', '<', age.pushedBeforeMs)
        .where(sql<boolean>`(updated_at_ms, digest) > (${after.updated_at_ms}, ${after.digest})`)
        .orderBy('updated_at_ms')
        .orderBy('digest')
        .limit(readManifests)
        .as('next'),
    )
    .select(['next.digest', 'next.updated_at_ms'])
    .$narrowType<{ digest: Digest }>()
    .select((row) => [
      row
        .exists(
          row
            .selectFrom('tag')
            .select('tag.name')
            .where('tag.repository_id', '=', repositoryId)
            .whereRef('tag.manifest_digest', '=', 'next.digest'),
        )
        .as('is_tagged'),
      row
        .exists(
          row
            .selectFrom('manifest_reference')
            .select('manifest_reference.digest')
            .where('manifest_reference.repository_id', '=', repositoryId)
            .where('manifest_reference.kind', '=', 'manifest')
            .whereRef('manifest_reference.digest', '=', 'next.digest'),
        )
        .as('is_child'),
    ])
    .orderBy('next.updated_at_ms')
    .orderBy('next.digest')
    .execute()
  const loose = page.filter(({ is_tagged, is_child }) => !is_tagged && !is_child).map(({ digest }) => digest)
  const untagged = loose.length === 0 ? [] : await listUntagged(database, repositoryId, age, loose)
  return { untagged, next: page.length === readManifests ? page.at(-1) : undefined }
}

/**
 * The unreferenced manifests among some of a repository: no tag, no index, no existing subject, no lock. Within a
 * transaction, the result is valid until its end.
 */
export async function listUntagged(
  source: Pick<Database, 'tables'>,
  repositoryId: string,
  { pushedBeforeMs, untaggedBeforeMs, sinceMs }: UntaggedAge,
  among: readonly Digest[],
): Promise<UntaggedManifest[]> {
  const rows = await source
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select(['digest', 'updated_at_ms', 'untagged_at_ms'])
    .$narrowType<{ digest: Digest }>()
    .where('repository_id', '=', repositoryId)
    .where('delete_enabled', '=', 1)
    .where('write_enabled', '=', 1)
    .where('updated_at_ms', '<', pushedBeforeMs)
    .where((row) => row.or([row('untagged_at_ms', 'is', null), row('untagged_at_ms', '<', untaggedBeforeMs)]))
    .where((row) => row.or([row('updated_at_ms', '>=', sinceMs), row('untagged_at_ms', '>=', sinceMs)]))
    .where('digest', 'in', among)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('tag')
            .select('tag.name')
            .where('tag.repository_id', '=', repositoryId)
            .whereRef('tag.manifest_digest', '=', 'manifest.digest'),
        ),
      ),
    )
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('manifest_reference as index')
            .select('index.digest')
            .where('index.repository_id', '=', repositoryId)
            .where('index.kind', '=', 'manifest')
            .whereRef('index.digest', '=', 'manifest.digest'),
        ),
      ),
    )
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('manifest as subject')
            .select('subject.digest')
            .where('subject.repository_id', '=', repositoryId)
            .whereRef('subject.digest', '=', 'manifest.subject_digest'),
        ),
      ),
    )
    .orderBy('digest')
    .execute()
  return rows.map(({ digest, updated_at_ms, untagged_at_ms }) => ({
    digest,
    sinceMs: Math.max(updated_at_ms, untagged_at_ms ?? 0),
  }))
}

/** Whether a repository is not locked against deletion. */
export async function isUnlocked(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const row = await transaction
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select('id')
    .where('id', '=', repositoryId)
    .where('delete_enabled', '=', 1)
    .where('write_enabled', '=', 1)
    .executeTakeFirst()
  return row !== undefined
}
