import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql, type SqlBool } from 'kysely'
import type { Transaction } from '../../platform/sql/database.ts'
import type { GarbageContext } from './context.ts'
import { timeOfDeletions } from '../deletion/time-of-deletions.ts'
import type { RegistryTables } from '../rows/rows.ts'
import { deletePiece, whileTime } from '../rows/piece-store.ts'
import { sweepRepository } from '../deletion/deleted-content-store.ts'

/**
 * Deletes the content of deleted registries in batches, and finally their rows: not before every request that began
 * earlier has ended, since one of them may still create a repository.
 */
export async function sweepDeletedRegistries({ database, clock, settings }: GarbageContext): Promise<void> {
  const nowMs = await timeOfDeletions({ database, clock })
  const deleted = await database.tables<RegistryTables>().selectFrom('deleted_registry').selectAll().execute()
  for (const { rid, deleted_at_ms } of deleted) {
    const deleteSome = (transaction: Transaction) => whileTime(() => deletePieceOf(transaction, rid))
    while (!(await database.transaction(deleteSome))) await nextTurn()
    if (deleted_at_ms >= nowMs - settings.gracePeriodMs) continue
    await database.transaction((transaction) => deleteRegistryRow(transaction, rid))
  }
}

/** Deletes a batch of the content of a registry, and returns whether nothing is left. */
async function deletePieceOf(transaction: Transaction, rid: string): Promise<boolean> {
  const tables = transaction.tables<RegistryTables>()
  const repository = await tables
    .selectFrom('repository')
    .select('id')
    .where('rid', '=', rid)
    .limit(1)
    .executeTakeFirst()
  if (repository === undefined) {
    return (await deletePiece(tables, 'repository_tombstone', sql<SqlBool>`rid = ${rid}`)) === 0
  }
  await sweepRepository(transaction, repository.id, undefined)
  return false
}

/** Deletes the row only if the registry is empty in this transaction; otherwise the next collection continues. */
async function deleteRegistryRow(transaction: Transaction, rid: string): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('deleted_registry')
    .where('rid', '=', rid)
    .where((query) =>
      query.not(query.exists(query.selectFrom('repository').select('repository.id').where('repository.rid', '=', rid))),
    )
    .execute()
}
