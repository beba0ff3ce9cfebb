import { type Kysely, sql, type SqlBool } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { type ListedManifest, listedManifestColumns } from '../manifests/manifest-store.ts'
import { deletePiece, pieceRows } from '../rows/piece-store.ts'
import { pieceManifests, removeHidden } from '../deletion/deleted-content-store.ts'
import { findRepository } from '../repositories/repository-store.ts'
import type { DeletedTagRow, RegistryTables, RepositoryRow } from '../rows/rows.ts'
import { keptPrefix } from '../deletion/kept-store.ts'

/** The first name after all names with the prefix. */
const afterPrefix = '_deleted0'

/** The repository that keeps the deleted content of the repository with this name. */
export function findDeleted(transaction: Transaction, rid: string, name: string): Promise<RepositoryRow | undefined> {
  return findRepository(transaction, rid, keptPrefix + name)
}

/** Removes a soft-deleted tag. */
export async function removeDeletedTag(
  transaction: Transaction,
  repositoryId: string,
  name: string,
  digest: Digest,
): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('deleted_tag')
    .where('repository_id', '=', repositoryId)
    .where('name', '=', name)
    .where('manifest_digest', '=', digest)
    .execute()
}

/** The names, after a name, of the repositories with soft-deleted content, in byte order. */
export async function listDeletedNames(
  database: Database,
  rid: string,
  after: string,
  limit: number,
): Promise<RepositoryName[]> {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select('name')
    .where('rid', '=', rid)
    .where('name', '>', keptPrefix + after)
    .where('name', '<', afterPrefix)
    .where((row) =>
      row.or([
        row.exists(row.selectFrom('manifest').select('digest').whereRef('repository_id', '=', 'repository.id')),
        row.exists(row.selectFrom('deleted_tag').select('name').whereRef('repository_id', '=', 'repository.id')),
      ]),
    )
    .orderBy('name')
    .limit(limit)
    .execute()
  return rows.map(({ name }) => name.slice(keptPrefix.length) as RepositoryName)
}

/** The repository whose deleted content is listed. */
type DeletedFrom = { readonly rid: string; readonly name: string }

/** The soft-deleted manifests after a digest, without those that were pushed again. */
export async function listDeletedManifestRows(
  database: Database,
  { rid, name }: DeletedFrom,
  after: string,
  limit: number,
): Promise<(ListedManifest & { readonly deleted_at_ms: number })[]> {
  const tables = database.tables<RegistryTables>()
  return tables
    .selectFrom('manifest')
    .select(listedManifestColumns)
    .select('deleted_at_ms')
    .$narrowType<{ digest: Digest; deleted_at_ms: number }>()
    .where('repository_id', 'in', repositoryIds(tables, rid, keptPrefix + name))
    .where('digest', '>', after)
    .where('digest', 'not in', (query) =>
      query
        .selectFrom('manifest as live')
        .select('live.digest')
        .where('live.repository_id', 'in', repositoryIds(tables, rid, name))
        .whereRef('live.digest', '=', 'manifest.digest'),
    )
    .orderBy('digest')
    .limit(limit)
    .execute()
}

/**
 * The soft-deleted tags after one of them, in the order of their deletion: `az acr manifest restore` takes the last of
 * a name.
 */
export async function listDeletedTagRows(
  database: Database,
  { rid, name }: DeletedFrom,
  after: Pick<DeletedTagRow, 'deleted_at_ms' | 'name' | 'manifest_digest'>,
  limit: number,
): Promise<DeletedTagRow[]> {
  const tables = database.tables<RegistryTables>()
  return tables
    .selectFrom('deleted_tag')
    .selectAll()
    .where('repository_id', 'in', repositoryIds(tables, rid, keptPrefix + name))
    .where(
      sql<boolean>`(deleted_at_ms, name, manifest_digest) > (${after.deleted_at_ms}, ${after.name}, ${after.manifest_digest})`,
    )
    .orderBy('deleted_at_ms')
    .orderBy('name')
    .orderBy('manifest_digest')
    .limit(limit)
    .execute()
}

/** The repositories of a registry, after a name, with content that was deleted before a time. */
export async function listPurgeable(
  database: Database,
  { rid, beforeMs }: { readonly rid: string; readonly beforeMs: number },
  after: string,
  limit: number,
): Promise<Pick<RepositoryRow, 'id' | 'name'>[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select(['id', 'name'])
    .where('rid', '=', rid)
    .where('name', '>', after)
    .where('name', '<', afterPrefix)
    .where((row) =>
      row.or([
        row.exists(
          row
            .selectFrom('manifest')
            .select('digest')
            .whereRef('repository_id', '=', 'repository.id')
            .where('deleted_at_ms', '<', beforeMs),
        ),
        row.exists(
          row
            .selectFrom('deleted_tag')
            .select('name')
            .whereRef('repository_id', '=', 'repository.id')
            .where('deleted_at_ms', '<', beforeMs),
        ),
      ]),
    )
    .orderBy('name')
    .limit(limit)
    .execute()
}

/** Purges a batch of the content that was soft-deleted before an instant; returns the number of manifests and tags. */
export async function purgeSome(transaction: Transaction, repositoryId: string, beforeMs: number): Promise<number> {
  const tables = transaction.tables<RegistryTables>()
  const manifests = await tables
    .selectFrom('manifest')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .where('deleted_at_ms', '<', beforeMs)
    .limit(pieceManifests)
    .execute()
  let count = 0
  let rows = 0
  const removal = { keptIn: undefined, change: { cause: 'retention', nowMs: beforeMs, by: undefined } } as const
  for (const { digest } of manifests) {
    if (rows >= pieceRows) return count
    rows += await removeHidden(transaction, repositoryId, digest, removal)
    count += 1
  }
  const isDue = sql<SqlBool>`repository_id = ${repositoryId} and deleted_at_ms < ${beforeMs}`
  return count + (await deletePiece(tables, 'deleted_tag', isDue))
}

function repositoryIds(tables: Kysely<RegistryTables>, rid: string, name: string) {
  return tables
    .selectFrom('repository')
    .select('repository.id')
    .where('rid', '=', rid)
    .where('repository.name', '=', name)
}
