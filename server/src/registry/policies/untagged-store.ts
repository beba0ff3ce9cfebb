import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '../../spec/digest.ts'
import type { RegistryTables, RepositoryRow } from '../tables.ts'

/** Which untagged manifests are old enough to be deleted. */
export type UntaggedAge = {
  /** Pushed before this instant. */
  readonly pushedBeforeMs: number
  /** And without a tag since before this one. */
  readonly untaggedBeforeMs: number
  /** But pushed, or left without a tag, no earlier than this: what was untagged before the policy was, stays. */
  readonly sinceMs: number
}

/** A manifest without a tag, and since when it is. */
export type UntaggedManifest = { readonly digest: Digest; readonly sinceMs: number }

/** The repositories of a registry after one of them that no lock keeps from losing a manifest. */
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

/**
 * Manifests of a repository that nothing holds: no tag, no index, no subject that is here, no lock. Asked of a transaction
 * they are so in it. With `among`, of those alone.
 */
export async function listUntagged(
  source: Pick<Database, 'tables'>,
  repositoryId: string,
  { pushedBeforeMs, untaggedBeforeMs, sinceMs }: UntaggedAge,
  { limit, among }: { readonly limit: number; readonly among?: readonly Digest[] },
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
    .$if(among !== undefined, (query) => query.where('digest', 'in', among ?? []))
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
    .limit(limit)
    .execute()
  return rows.map(({ digest, updated_at_ms, untagged_at_ms }) => ({
    digest,
    sinceMs: Math.max(updated_at_ms, untagged_at_ms ?? 0),
  }))
}

/** Whether no lock keeps a repository, as the transaction sees it, from losing a manifest. */
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
