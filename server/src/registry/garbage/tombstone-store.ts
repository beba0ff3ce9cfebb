import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ExpressionBuilder, sql, type SqlBool } from 'kysely'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'
import { deletePiece, pieceRows } from '../rows/piece-store.ts'

/** Drops tombstones and empty repositories older than `beforeMs`. */
export async function pruneTombstones(database: Database, beforeMs: number): Promise<void> {
  while (await database.transaction((transaction) => deleteTombstones(transaction, beforeMs))) continue
  let after: AbandonedPlace | undefined = { created_at_ms: -1, id: '' }
  while (after !== undefined) {
    const page: readonly (AbandonedPlace & { readonly isEmpty: boolean })[] = await listUnpublished(
      database,
      after,
      beforeMs,
    )
    const ids = page.filter(({ isEmpty }) => isEmpty).map(({ id }) => id)
    if (ids.length > 0) await database.transaction((transaction) => deleteEmpty(transaction, ids))
    after = page.length === pieceRows ? page.at(-1) : undefined
    await nextTurn()
  }
}

async function deleteTombstones(transaction: Transaction, beforeMs: number): Promise<boolean> {
  const isOld = sql<SqlBool>`deleted_at_ms < ${beforeMs}`
  return (await deletePiece(transaction.tables<RegistryTables>(), 'repository_tombstone', isOld)) > 0
}

type AbandonedPlace = { readonly created_at_ms: number; readonly id: string }

async function listUnpublished(database: Database, after: AbandonedPlace, beforeMs: number) {
  const rows = await database
    .tables<RegistryTables>()
    .selectFrom('repository')
    .select(['id', 'created_at_ms'])
    .select((row) => row.and(isEmpty(row)).as('is_empty'))
    .where('published_at_ms', 'is', null)
    .where('created_at_ms', '<', beforeMs)
    .where((row) =>
      row.or([
        row('created_at_ms', '>', after.created_at_ms),
        row('created_at_ms', '=', after.created_at_ms).and('id', '>', after.id),
      ]),
    )
    .orderBy('created_at_ms')
    .orderBy('id')
    .limit(pieceRows)
    .execute()
  return rows.map(({ id, created_at_ms, is_empty }) => ({ id, created_at_ms, isEmpty: Boolean(is_empty) }))
}

async function deleteEmpty(transaction: Transaction, ids: readonly string[]): Promise<void> {
  await transaction
    .tables<RegistryTables>()
    .deleteFrom('repository')
    .where('id', 'in', ids)
    .where('published_at_ms', 'is', null)
    .where((row) => row.and(isEmpty(row)))
    .execute()
}

/** A repository with a row in one of these tables is not empty. */
const holdingTables = ['repository_blob', 'upload', 'manifest', 'deleted_tag', 'deleted_manifest'] as const

function isEmpty(row: ExpressionBuilder<RegistryTables, 'repository'>) {
  const held = holdingTables.map((table) =>
    row.exists(row.selectFrom(table).select('repository_id').whereRef('repository_id', '=', 'repository.id')),
  )
  const isDeleted = row.exists(
    row
      .selectFrom('deleted_repository')
      .select('deleted_repository.id')
      .whereRef('deleted_repository.id', '=', 'repository.id'),
  )
  return [...held, isDeleted].map((found) => row.not(found))
}
