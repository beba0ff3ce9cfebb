import { withoutCaller } from '../../platform/process/authorized-work.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** The maximum number of manifests that one transaction changes. All other changes wait for this transaction. */
const pieceRows = 200

/**
 * Runs before a manifest is deleted. Records the time since which the referrers of the manifest, and the children of an index, are
 * untagged. The record has no effect while the manifest exists. An index may have any number of referrers, so the function records them in
 * batches.
 */
export async function markFreed(database: Database, repositoryId: string, digest: Digest, atMs: number): Promise<void> {
  for (const read of [readReferrers, readChildren]) {
    let after: string | undefined = ''
    while (after !== undefined) {
      const page: readonly string[] = await read(database, { repositoryId, digest, after })
      if (page.length > 0) await markUntaggedSince(database, repositoryId, page, atMs)
      after = page.length === pieceRows ? page.at(-1) : undefined
    }
  }
}

type Place = { readonly repositoryId: string; readonly digest: Digest; readonly after: string }

async function readReferrers(database: Database, { repositoryId, digest, after }: Place): Promise<string[]> {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .where('subject_digest', '=', digest)
    .where('digest', '>', after)
    .orderBy('digest')
    .limit(pieceRows)
    .execute()
  return rows.map((row) => row.digest)
}

async function readChildren(database: Database, { repositoryId, digest, after }: Place): Promise<string[]> {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('manifest_reference')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .where('manifest_digest', '=', digest)
    .where('kind', '=', 'manifest')
    .where('digest', '>', after)
    .orderBy('digest')
    .limit(pieceRows)
    .execute()
  return rows.map((row) => row.digest)
}

async function markUntaggedSince(
  database: Database,
  repositoryId: string,
  digests: readonly string[],
  atMs: number,
): Promise<void> {
  // This change follows from a deletion that is already committed.
  await withoutCaller(() =>
    database.transaction((transaction) =>
      transaction
        .tables<RegistryTables>()
        .updateTable('manifest')
        .set({ untagged_at_ms: atMs })
        .where('repository_id', '=', repositoryId)
        .where('digest', 'in', digests)
        .where((row) => row.or([row('untagged_at_ms', 'is', null), row('untagged_at_ms', '<', atMs)]))
        .execute(),
    ),
  )
}
