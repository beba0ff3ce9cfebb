import { type Kysely, sql, type SqlBool } from 'kysely'
import type { Transaction } from '../../platform/sql/database.ts'
import { moveReport } from '../attached/attached-report-store.ts'
import { keepTags, moveReferences, type Kept } from './kept-store.ts'
import { changedBy, recordTagDeletions, type TagChange } from '../repositories/tag-change-store.ts'
import type { DeletedManifestRow, RegistryTables } from '../rows/rows.ts'
import { deletePiece, pieceRows } from '../rows/piece-store.ts'

/** The maximum number of manifests that one transaction deletes, and their maximum size in bytes. */
export const pieceManifests = 20

const pieceBytes = 4 * 1024 * 1024

/** A deletion of a manifest: the repository that keeps it, if it can be restored, and the change of its tags. */
export type Removal = { readonly keptIn: string | undefined; readonly change: TagChange }

/** Rows of an earlier deletion are in the way of a change; see `changeSwept`. */
export class UnsweptError extends Error {
  override readonly name = 'UnsweptError'
  readonly repositoryId: string
  constructor(repositoryId: string) {
    super('rows of a deleted manifest remain')
    this.repositoryId = repositoryId
  }
}

/**
 * Requires that no tags or references of deleted manifests are left, which a pushed manifest would inherit.
 *
 * @throws UnsweptError
 */
export async function requireSwept(transaction: Transaction, repositoryId: string): Promise<void> {
  if ((await findUnswept(transaction, repositoryId)) !== undefined) throw new UnsweptError(repositoryId)
}

function findUnswept(transaction: Transaction, repositoryId: string): Promise<DeletedManifestRow | undefined> {
  return transaction
    .tables<RegistryTables>()
    .selectFrom('deleted_manifest')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .limit(1)
    .executeTakeFirst()
}

/**
 * Deletes a manifest, or moves it to the soft-deleted content, with a batch of its tags and references. The rest is
 * recorded, and hidden. Returns how many rows were changed.
 */
export async function removeManifest(
  transaction: Transaction,
  repositoryId: string,
  digest: string,
  removal: Removal,
): Promise<number> {
  transaction.changesContent()
  return removeHidden(transaction, repositoryId, digest, removal)
}

/** {@link removeManifest} in a repository that no client can name. */
export async function removeHidden(
  transaction: Transaction,
  repositoryId: string,
  digest: string,
  removal: Removal,
): Promise<number> {
  const { keptIn, change } = removal
  if (keptIn !== undefined) await requireSwept(transaction, keptIn)
  const tables = transaction.tables<RegistryTables>()
  const { rows, isLast } = await removeManifestRows(transaction, repositoryId, digest, removal)
  if (!isLast)
    await tables
      .insertInto('deleted_manifest')
      .values(leftRow(repositoryId, digest, removal))
      .execute()
  // The same manifest may have been deleted before and pushed again.
  const gone = keptIn ?? repositoryId
  await tables.deleteFrom('manifest').where('repository_id', '=', gone).where('digest', '=', digest).execute()
  if (keptIn !== undefined) {
    await tables
      .updateTable('manifest')
      .set({ repository_id: keptIn, deleted_at_ms: change.nowMs })
      .where('repository_id', '=', repositoryId)
      .where('digest', '=', digest)
      .execute()
  }
  await moveReport(transaction, { from: repositoryId, to: keptIn, digest })
  return rows + 1
}

/** The row of a deleted manifest that still has tags or references. */
function leftRow(repositoryId: string, digest: string, { keptIn, change }: Removal): DeletedManifestRow {
  const { nowMs, by } = change
  return {
    repository_id: repositoryId,
    digest,
    kept_in: keptIn ?? null,
    deleted_at_ms: nowMs,
    by_kind: by?.kind ?? null,
    by_id: by?.id ?? null,
    by_name: by?.name ?? null,
  }
}

type Piece = { readonly rows: number; readonly isLast: boolean }

/** Deletes a batch of the tags and references of a manifest, or moves it to the soft-deleted content. */
async function removeManifestRows(
  transaction: Transaction,
  repositoryId: string,
  digest: string,
  { keptIn, change }: Removal,
): Promise<Piece> {
  const tables = transaction.tables<RegistryTables>()
  const kept = keptIn === undefined ? undefined : { in: keptIn, atMs: change.nowMs }
  const tags = await tables
    .selectFrom('tag')
    .select('name')
    .where('repository_id', '=', repositoryId)
    .where('manifest_digest', '=', digest)
    .limit(pieceRows)
    .execute()
  if (tags.length > 0) {
    const names = tags.map(({ name }) => name)
    await recordTagDeletions(transaction, repositoryId, names, change)
    if (kept !== undefined) await keepTags(tables, repositoryId, kept, names)
    await tables
      .deleteFrom('tag')
      .where('repository_id', '=', repositoryId)
      .where('name', 'in', names)
      .where('manifest_digest', '=', digest)
      .execute()
  }
  const references = await tables
    .selectFrom('manifest_reference')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .where('manifest_digest', '=', digest)
    .limit(pieceRows)
    .execute()
  if (references.length > 0) {
    const targets = [...new Set(references.map((reference) => reference.digest))]
    if (kept !== undefined) {
      await moveReferences(tables, { from: repositoryId, to: kept.in, digest, targets, nowMs: kept.atMs })
    } else {
      await tables
        .deleteFrom('manifest_reference')
        .where('repository_id', '=', repositoryId)
        .where('manifest_digest', '=', digest)
        .where('digest', 'in', targets)
        .execute()
    }
  }
  const isLast = tags.length < pieceRows && references.length < pieceRows
  return { rows: tags.length + references.length, isLast }
}

/** Deletes a batch of the rest of a deleted manifest, and returns whether nothing is left in the repository. */
export async function sweepManifest(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const left = await findUnswept(transaction, repositoryId)
  if (left === undefined) return true
  const tables = transaction.tables<RegistryTables>()
  const { digest, kept_in, deleted_at_ms } = left
  const keptIn = kept_in === null ? undefined : await requirePresent(tables, kept_in)
  const change = { cause: 'delete', nowMs: deleted_at_ms, by: changedBy(left) } as const
  const { isLast } = await removeManifestRows(transaction, repositoryId, digest, { keptIn, change })
  if (isLast) {
    await tables
      .deleteFrom('deleted_manifest')
      .where('repository_id', '=', repositoryId)
      .where('digest', '=', digest)
      .execute()
  }
  return false
}

/** The repository that keeps manifests may itself have been deleted, with its registry. */
async function requirePresent(tables: Kysely<RegistryTables>, id: string): Promise<string | undefined> {
  return (await tables.selectFrom('repository').select('id').where('id', '=', id).executeTakeFirst())?.id
}

/** The rows of a repository in addition to manifests. The staged bytes of its uploads are collected as strays. */
const emptiedTables = [
  'tag',
  'tag_change',
  'deleted_tag',
  'manifest_reference',
  'attached_report',
  'repository_blob',
  'upload',
] as const

/**
 * Deletes a batch of the content of a deleted repository, or moves manifests and tags to the soft-deleted content.
 * Returns whether nothing is left; the repository's own row is deleted last.
 */
export async function sweepRepository(
  transaction: Transaction,
  repositoryId: string,
  kept: Kept | undefined,
): Promise<boolean> {
  if (!(await sweepManifest(transaction, repositoryId))) return false
  if (kept !== undefined && (await keepManifests(transaction, repositoryId, kept))) return false
  const tables = transaction.tables<RegistryTables>()
  if (await removeManifests(tables, repositoryId)) return false
  for (const table of emptiedTables) {
    if ((await deletePiece(tables, table, sql<SqlBool>`repository_id = ${repositoryId}`)) > 0) return false
  }
  await tables.deleteFrom('repository').where('id', '=', repositoryId).execute()
  await tables.deleteFrom('deleted_repository').where('id', '=', repositoryId).execute()
  return true
}

async function keepManifests(transaction: Transaction, repositoryId: string, kept: Kept): Promise<boolean> {
  const manifests = await someManifests(transaction.tables<RegistryTables>(), repositoryId)
  let rows = 0
  const removal = { keptIn: kept.in, change: { cause: 'delete', nowMs: kept.atMs, by: undefined } } as const
  for (const { digest } of manifests) {
    rows += await removeHidden(transaction, repositoryId, digest, removal)
    if (rows >= pieceRows) break
  }
  return manifests.length > 0
}

/** The manifests that fit into one batch; at least one if there is one. */
async function someManifests(tables: Kysely<RegistryTables>, repositoryId: string) {
  const manifests = await tables
    .selectFrom('manifest')
    .select(['digest', 'size_bytes'])
    .where('repository_id', '=', repositoryId)
    .limit(pieceManifests)
    .execute()
  let bytes = 0
  return manifests.filter(({ size_bytes }) => {
    const fits = bytes < pieceBytes
    bytes += size_bytes
    return fits
  })
}

async function removeManifests(tables: Kysely<RegistryTables>, repositoryId: string): Promise<boolean> {
  const digests = (await someManifests(tables, repositoryId)).map(({ digest }) => digest)
  if (digests.length === 0) return false
  await tables.deleteFrom('manifest').where('repository_id', '=', repositoryId).where('digest', 'in', digests).execute()
  return true
}
