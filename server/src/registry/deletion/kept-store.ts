import { type Kysely, sql } from 'kysely'
import type { Transaction } from '../../platform/sql/database.ts'
import { chunked } from '../rows/chunked.ts'
import { openRepository } from '../repositories/repository-store.ts'
import type { RegistryTables, RepositoryRow, TagRow } from '../rows/rows.ts'

/*
 * What was deleted and can be restored lies in a repository of its own beside the one it was deleted from. No client can
 * name it, since no name begins with an underscore; it is never published; and it holds its blobs as every repository does,
 * so that nothing else needs to know of it.
 */
export const keptPrefix = '_deleted/'

/** Opens the repository that keeps what is deleted in the one of this name. */
export function openKept(
  transaction: Transaction,
  { rid, name }: Pick<RepositoryRow, 'rid' | 'name'>,
  nowMs: number,
): Promise<RepositoryRow> {
  return openRepository(transaction, rid, keptPrefix + name, nowMs)
}

/** Remembers a tag that is deleted while its manifest stays. */
export async function keepTag(transaction: Transaction, from: RepositoryRow, tag: TagRow, nowMs: number) {
  const { id } = await openKept(transaction, from, nowMs)
  await keepTags(transaction.tables<RegistryTables>(), from.id, { in: id, atMs: nowMs }, [tag.name])
}

/** Remembers tags of a repository that are deleted. */
export async function keepTags(
  tables: Kysely<RegistryTables>,
  repositoryId: string,
  kept: Kept,
  names: readonly string[],
): Promise<void> {
  await tables
    .insertInto('deleted_tag')
    .columns(['repository_id', 'name', 'manifest_digest', 'created_at_ms', 'updated_at_ms', 'deleted_at_ms'])
    .expression((query) =>
      query
        .selectFrom('tag')
        .select([text(kept.in).as('repository_id'), 'name', 'manifest_digest', 'created_at_ms', 'updated_at_ms'])
        .select(integer(kept.atMs).as('deleted_at_ms'))
        .where('repository_id', '=', repositoryId)
        .where('name', 'in', names),
    )
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'name', 'manifest_digest']).doUpdateSet({ deleted_at_ms: kept.atMs }),
    )
    .execute()
}

/** Some references of a manifest, by what they name, that move with it to another repository. */
type MovedReferences = {
  readonly from: string
  readonly to: string
  readonly digest: string
  readonly targets: readonly string[]
  readonly nowMs: number
}

/** Moves references, and has the other repository hold the blobs that they name; the manifest keeps them without a lease. */
export async function moveReferences(
  tables: Kysely<RegistryTables>,
  { from, to, digest, targets, nowMs }: MovedReferences,
): Promise<void> {
  // The same may have been deleted before, and pushed again since.
  await tables
    .deleteFrom('manifest_reference')
    .where('repository_id', '=', to)
    .where('manifest_digest', '=', digest)
    .where('digest', 'in', targets)
    .execute()
  await tables
    .updateTable('manifest_reference')
    .set({ repository_id: to })
    .where('repository_id', '=', from)
    .where('manifest_digest', '=', digest)
    .where('digest', 'in', targets)
    .execute()
  await tables
    .insertInto('repository_blob')
    .columns(['repository_id', 'digest', 'linked_at_ms', 'lease_until_ms'])
    .expression((query) =>
      query
        .selectFrom('repository_blob as held')
        .select([text(to).as('repository_id'), 'held.digest'])
        .select([integer(nowMs).as('linked_at_ms'), integer(nowMs).as('lease_until_ms')])
        .where('held.repository_id', '=', from)
        .where('held.digest', 'in', targets),
    )
    .onConflict((conflict) => conflict.columns(['repository_id', 'digest']).doNothing())
    .execute()
}

/** Moves a manifest back from where it is kept, with the blobs that it names. */
export async function restoreManifestRows(
  transaction: Transaction,
  { from, to, digest, nowMs }: Omit<MovedReferences, 'targets'>,
): Promise<void> {
  const tables = transaction.tables<RegistryTables>()
  await tables
    .updateTable('manifest')
    .set({ repository_id: to, deleted_at_ms: null, untagged_at_ms: nowMs })
    .where('repository_id', '=', from)
    .where('digest', '=', digest)
    .execute()
  const references = await tables
    .selectFrom('manifest_reference')
    .select('digest')
    .where('repository_id', '=', from)
    .where('manifest_digest', '=', digest)
    .execute()
  for (const targets of chunked([...new Set(references.map((reference) => reference.digest))])) {
    await moveReferences(tables, { from, to, digest, targets, nowMs })
  }
}

/** A value among selected columns, of a type that PostgreSQL would otherwise have to guess. */
function text(value: string) {
  return sql<string>`cast(${value} as text)`
}

function integer(value: number) {
  return sql<number>`cast(${value} as bigint)`
}

/** Where deleted manifests and tags are kept that can be restored, and when they were deleted. */
export type Kept = { readonly in: string; readonly atMs: number }
