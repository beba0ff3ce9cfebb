import { type Kysely, sql, type SqlBool } from 'kysely'
import type { Transaction } from '../../platform/sql/database.ts'
import { keepTags, moveReferences, type Kept } from './kept-store.ts'
import type { DeletedManifestRow, RegistryTables } from '../rows/rows.ts'
import { deletePiece, pieceRows } from '../rows/piece-store.ts'

/** The maximum number of manifests that one transaction deletes, and their maximum size in bytes. */
export const pieceManifests = 20

const pieceBytes = 4 * 1024 * 1024

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
  kept: Kept | undefined,
): Promise<number> {
  transaction.changesContent()
  return removeHidden(transaction, repositoryId, digest, kept)
}

/** {@link removeManifest} in a repository that no client can name. */
export async function removeHidden(
  transaction: Transaction,
  repositoryId: string,
  digest: string,
  kept: Kept | undefined,
): Promise<number> {
  if (kept !== undefined) await requireSwept(transaction, kept.in)
  const tables = transaction.tables<RegistryTables>()
  const { rows, isLast } = await removeManifestRows(tables, repositoryId, digest, kept)
  if (!isLast) {
    const left = { repository_id: repositoryId, digest, kept_in: kept?.in ?? null, deleted_at_ms: kept?.atMs ?? 0 }
    await tables.insertInto('deleted_manifest').values(left).execute()
  }
  // The same manifest may have been deleted before and pushed again.
  const gone = kept === undefined ? repositoryId : kept.in
  await tables.deleteFrom('manifest').where('repository_id', '=', gone).where('digest', '=', digest).execute()
  if (kept !== undefined) {
    await tables
      .updateTable('manifest')
      .set({ repository_id: kept.in, deleted_at_ms: kept.atMs })
      .where('repository_id', '=', repositoryId)
      .where('digest', '=', digest)
      .execute()
  }
  return rows + 1
}

type Piece = { readonly rows: number; readonly isLast: boolean }

/** Deletes a batch of the tags and references of a manifest, or moves it to the soft-deleted content. */
async function removeManifestRows(
  tables: Kysely<RegistryTables>,
  repositoryId: string,
  digest: string,
  kept: Kept | undefined,
): Promise<Piece> {
  const tags = await tables
    .selectFrom('tag')
    .select('name')
    .where('repository_id', '=', repositoryId)
    .where('manifest_digest', '=', digest)
    .limit(pieceRows)
    .execute()
  if (tags.length > 0) {
    const names = tags.map(({ name }) => name)
    if (kept !== undefined) await keepTags(tables, repositoryId, kept, names)
    await tables.deleteFrom('tag').where('repository_id', '=', repositoryId).where('name', 'in', names).execute()
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
  const kept = keptIn === undefined ? undefined : { in: keptIn, atMs: deleted_at_ms }
  const { isLast } = await removeManifestRows(tables, repositoryId, digest, kept)
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
const emptiedTables = ['tag', 'deleted_tag', 'manifest_reference', 'repository_blob', 'upload'] as const

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
  for (const { digest } of manifests) {
    rows += await removeHidden(transaction, repositoryId, digest, kept)
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
