import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Transaction } from '../../platform/sql/database.ts'
import type { BlobParts } from '../blobs/blob-parts.ts'
import type { RegistryTables } from '../tables.ts'
import { pieceRows, sweepRepository } from './deleted-rows.ts'

/**
 * Deletes what registries held that are deleted, a few rows at a time, and at last forgets such a registry: not before
 * every request that began while it was there has ended, since one of them may still add a repository to it.
 */
export async function sweepDeletedRegistries({ database, clock, settings }: BlobParts): Promise<void> {
  const deleted = await database.tables<RegistryTables>().selectFrom('deleted_registry').selectAll().execute()
  for (const { rid, deleted_at_ms } of deleted) {
    while (!(await database.transaction((transaction) => deleteSome(transaction, rid)))) await nextTurn()
    if (deleted_at_ms >= clock.now() - settings.leaseMs) continue
    await database.transaction((transaction) => forgetRegistry(transaction, rid))
  }
}

/** Deletes some of what a registry holds, and says whether that was the last of it. */
async function deleteSome(transaction: Transaction, rid: string): Promise<boolean> {
  const repository = await transaction
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select('id')
    .where('rid', '=', rid)
    .limit(1)
    .executeTakeFirst()
  if (repository === undefined) return deleteTombstones(transaction, rid)
  await sweepRepository(transaction, repository.id, undefined)
  return false
}

async function deleteTombstones(transaction: Transaction, rid: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const some = tables.selectFrom('repository_tombstone').select('name').where('rid', '=', rid).limit(pieceRows)
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
