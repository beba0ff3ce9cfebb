import type { Transaction } from '../../platform/sql/database.ts'
import type { BlobParts } from '../blobs/blob-parts.ts'
import type { RegistryTables } from '../tables.ts'

/** How many rows of a table one transaction deletes, since pushes wait for it. */
const deletedRows = 200

/** How many manifests, which have many references and their bytes with them. */
const deletedManifests = 20

/**
 * Deletes what registries held that are deleted, a few rows at a time, and at last forgets such a registry: not before
 * every request that began while it was there has ended, since one of them may still add a repository to it.
 */
export async function sweepDeletedRegistries({ database, clock, settings }: BlobParts): Promise<void> {
  const deleted = await database.tables<RegistryTables>().selectFrom('deleted_registry').selectAll().execute()
  for (const { rid, deleted_at_ms } of deleted) {
    while (!(await database.transaction((transaction) => deleteSome(transaction, rid)))) continue
    if (deleted_at_ms >= clock.now() - settings.leaseMs) continue
    await database.transaction((transaction) => forgetRegistry(transaction, rid))
  }
}

/** Deletes some of what a registry holds, and says whether that was the last of it. */
async function deleteSome(transaction: Transaction, rid: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const repository = await tables
    .selectFrom('repository')
    .select('id')
    .where('rid', '=', rid)
    .limit(1)
    .executeTakeFirst()
  if (repository === undefined) return deleteTombstones(transaction, rid)
  for (const deleteRows of [deleteTags, deleteDeletedTags, deleteManifests, deleteHeldBlobs, deleteUploads]) {
    if (await deleteRows(transaction, repository.id)) return false
  }
  await tables.deleteFrom('repository').where('id', '=', repository.id).execute()
  return false
}

async function deleteTags(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const some = tables.selectFrom('tag').select('name').where('repository_id', '=', repositoryId).limit(deletedRows)
  const { numDeletedRows } = await tables
    .deleteFrom('tag')
    .where('repository_id', '=', repositoryId)
    .where('name', 'in', some)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

async function deleteDeletedTags(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .tables<RegistryTables>()
    .deleteFrom('deleted_tag')
    .where('repository_id', '=', repositoryId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

async function deleteManifests(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const rows = await tables
    .selectFrom('manifest')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .limit(deletedManifests)
    .execute()
  if (rows.length === 0) return false
  const digests = rows.map(({ digest }) => digest)
  await tables
    .deleteFrom('manifest_reference')
    .where('repository_id', '=', repositoryId)
    .where('manifest_digest', 'in', digests)
    .execute()
  await tables.deleteFrom('manifest').where('repository_id', '=', repositoryId).where('digest', 'in', digests).execute()
  return true
}

async function deleteHeldBlobs(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const some = tables
    .selectFrom('repository_blob')
    .select('digest')
    .where('repository_id', '=', repositoryId)
    .limit(deletedRows)
  const { numDeletedRows } = await tables
    .deleteFrom('repository_blob')
    .where('repository_id', '=', repositoryId)
    .where('digest', 'in', some)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Their staged bytes belong to no upload then, and go as such. */
async function deleteUploads(transaction: Transaction, repositoryId: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const some = tables.selectFrom('upload').select('id').where('repository_id', '=', repositoryId).limit(deletedRows)
  const { numDeletedRows } = await tables.deleteFrom('upload').where('id', 'in', some).executeTakeFirst()
  return numDeletedRows > 0n
}

async function deleteTombstones(transaction: Transaction, rid: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const some = tables.selectFrom('repository_tombstone').select('name').where('rid', '=', rid).limit(deletedRows)
  const { numDeletedRows } = await tables
    .deleteFrom('repository_tombstone')
    .where('rid', '=', rid)
    .where('name', 'in', some)
    .executeTakeFirst()
  return numDeletedRows === 0n
}

/** Only when it is empty in this transaction; otherwise the next collection begins again. */
async function forgetRegistry(transaction: Transaction, rid: string): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('deleted_registry')
    .where('rid', '=', rid)
    .where((query) =>
      query.not(query.exists(query.selectFrom('repository').select('repository.id').where('repository.rid', '=', rid))),
    )
    .execute()
}
