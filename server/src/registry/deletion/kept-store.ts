import { type Kysely, sql } from 'kysely'
import type { Transaction } from '../../platform/sql/database.ts'
import { moveReport } from '../attached/attached-report-store.ts'
import { chunked } from '../rows/piece-store.ts'
import { openRepository } from '../repositories/repository-store.ts'
import type { RegistryTables, RepositoryRow, TagRow } from '../rows/rows.ts'

/**
 * The prefix of the name of a repository that keeps the soft-deleted content of another one. Clients cannot send such a
 * name, and it is never published. It holds its blobs like any repository, so other code needs no special case.
 */
export const keptPrefix = '_deleted/'

/** Opens the repository that keeps the deleted content of the repository with this name. */
export function openKept(
  transaction: Transaction,
  { rid, name }: Pick<RepositoryRow, 'rid' | 'name'>,
  nowMs: number,
): Promise<RepositoryRow> {
  return openRepository(transaction, rid, keptPrefix + name, nowMs)
}

/** Keeps a deleted tag whose manifest remains. */
export async function keepTag(transaction: Transaction, from: RepositoryRow, tag: TagRow, nowMs: number) {
  const { id } = await openKept(transaction, from, nowMs)
  await keepTags(transaction.tables<RegistryTables>(), from.id, { in: id, atMs: nowMs }, [tag.name])
}

/** Keeps deleted tags of a repository. */
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

/** References of a manifest that move with it to another repository, by the digests that they name. */
type MovedReferences = {
  readonly from: string
  readonly to: string
  readonly digest: string
  readonly targets: readonly string[]
  readonly nowMs: number
}

/** Moves references, and links the blobs that they name to the other repository, without a grace period. */
export async function moveReferences(
  tables: Kysely<RegistryTables>,
  { from, to, digest, targets, nowMs }: MovedReferences,
): Promise<void> {
  // The same manifest may have been deleted before and pushed again.
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
    .columns(['repository_id', 'digest', 'linked_at_ms', 'grace_until_ms'])
    .expression((query) =>
      query
        .selectFrom('repository_blob as held')
        .select([text(to).as('repository_id'), 'held.digest'])
        .select([integer(nowMs).as('linked_at_ms'), integer(nowMs).as('grace_until_ms')])
        .where('held.repository_id', '=', from)
        .where('held.digest', 'in', targets),
    )
    .onConflict((conflict) => conflict.columns(['repository_id', 'digest']).doNothing())
    .execute()
}

/** Moves a kept manifest back, with the blobs that it names. */
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
  await moveReport(transaction, { from, to, digest })
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

/** A value among selected columns, with its type, which PostgreSQL would have to guess. */
function text(value: string) {
  return sql<string>`cast(${value} as text)`
}

function integer(value: number) {
  return sql<number>`cast(${value} as bigint)`
}

/** The repository that keeps deleted content, and when that was deleted. */
export type Kept = { readonly in: string; readonly atMs: number }
