import { sql } from 'kysely'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Actor } from '../protocol/ports.ts'
import { chunked, deletePiece, pieceRows } from '../rows/piece-store.ts'
import type { RegistryTables, TagChangeCause, TagChangeRow, TagRow } from '../rows/rows.ts'
import { pusherOf, storedActor } from './pusher.ts'

/** The maximum number of changes of a tag that are shown, and that stay stored. */
export const maxTagChanges = 100

/** The number of changes after which the oldest changes of a tag are deleted: not at each push. */
const pruneEvery = 20

/** How long a change is stored. */
export const tagChangeLifetimeMs = 365 * 24 * 60 * 60 * 1000

/** What happened to tags. */
export type TagChange = { readonly cause: TagChangeCause; readonly nowMs: number; readonly by: Actor | undefined }

/**
 * Records that tags were moved to a manifest, after the move and after the change of the repository's row, which other moves wait
 * for. `held` are the tags as they were before: the first recorded change of a tag includes the state before it.
 */
export async function recordTagMoves(
  transaction: Transaction,
  repositoryId: string,
  change: TagChange & { readonly tags: readonly string[]; readonly digest: string; readonly held: readonly TagRow[] },
): Promise<void> {
  const unmoved = new Set(change.held.filter((row) => row.manifest_digest === change.digest).map(({ name }) => name))
  const moved = change.tags.filter((tag) => !unmoved.has(tag))
  for (const names of chunked(moved)) {
    const numbers = await insertChanges(transaction, repositoryId, names, { ...change, digest: change.digest })
    const firsts = new Set(numbers.filter(({ number }) => number === 1).map(({ tag }) => tag))
    await insertStates(
      transaction,
      change.held.filter(({ name }) => firsts.has(name)),
    )
    await pruneNumbers(transaction, repositoryId, numbers)
  }
}

/** Records that tags are about to be deleted, before their deletion. */
export async function recordTagDeletions(
  transaction: Transaction,
  repositoryId: string,
  names: readonly string[],
  change: TagChange,
): Promise<void> {
  for (const chunk of chunked(names)) {
    const numbers = await insertChanges(transaction, repositoryId, chunk, { ...change, digest: null })
    const firsts = numbers.filter(({ number }) => number === 1).map(({ tag }) => tag)
    if (firsts.length > 0) {
      const held = await transaction
        .tables<RegistryTables>()
        .selectFrom('tag')
        .selectAll()
        .where('repository_id', '=', repositoryId)
        .where('name', 'in', firsts)
        .execute()
      await insertStates(transaction, held)
    }
    await pruneNumbers(transaction, repositoryId, numbers)
  }
}

type ChangedBy = Pick<TagChangeRow, 'by_kind' | 'by_id' | 'by_name'>

type Numbered = Pick<TagChangeRow, 'tag' | 'number'>

/** Adds a change with the next number of each of the tags, which exist. Returns the numbers. */
async function insertChanges(
  transaction: Transaction,
  repositoryId: string,
  names: readonly string[],
  { cause, nowMs, by, digest }: TagChange & { readonly digest: string | null },
): Promise<Numbered[]> {
  const text = (value: string | null) => sql<string | null>`cast(${value} as text)`
  return (
    transaction
      .tables<RegistryTables>()
      .insertInto('tag_change')
      .columns([
        'repository_id',
        'tag',
        'number',
        'changed_at_ms',
        'manifest_digest',
        'cause',
        'by_kind',
        'by_id',
        'by_name',
      ])
      .expression((query) =>
        query
          .selectFrom('tag')
          .select(['tag.repository_id', 'tag.name'])
          .select((row) => [
            row
              .selectFrom('tag_change as earlier')
              .select(sql<number>`coalesce(max(earlier.number), 0) + 1`.as('number'))
              .whereRef('earlier.repository_id', '=', 'tag.repository_id')
              .whereRef('earlier.tag', '=', 'tag.name')
              .$castTo<{ number: number }>()
              .as('number'),
            sql<number>`cast(${nowMs} as bigint)`.as('changed_at_ms'),
            text(digest).as('manifest_digest'),
            text(cause).$castTo<string>().as('cause'),
            text(by?.kind ?? null).as('by_kind'),
            text(by?.id ?? null).as('by_id'),
            text(by?.name ?? null).as('by_name'),
          ])
          .where('tag.repository_id', '=', repositoryId)
          .where('tag.name', 'in', names),
      )
      // A sweep of deleted content does not wait for a move of the same tag.
      .onConflict((conflict) => conflict.columns(['repository_id', 'tag', 'number']).doNothing())
      .returning(['tag', 'number'])
      .execute()
  )
}

/** Adds the state of tags before their first recorded change, with the number 0. */
async function insertStates(transaction: Transaction, held: readonly TagRow[]): Promise<void> {
  if (held.length === 0) return
  const rows = held.map((row): TagChangeRow => {
    const by = pusherOf(row)
    return {
      repository_id: row.repository_id,
      tag: row.name,
      number: 0,
      changed_at_ms: row.updated_at_ms,
      manifest_digest: row.manifest_digest,
      cause: 'push',
      by_kind: by?.kind ?? null,
      by_id: by?.id ?? null,
      by_name: by?.name ?? null,
    }
  })
  await transaction.tables<RegistryTables>().insertInto('tag_change').values(rows).execute()
}

async function pruneNumbers(
  transaction: Transaction,
  repositoryId: string,
  numbers: readonly Numbered[],
): Promise<void> {
  for (const { tag, number } of numbers) {
    if (number < maxTagChanges || number % pruneEvery !== 0) continue
    await transaction
      .tables<RegistryTables>()
      .deleteFrom('tag_change')
      .where('repository_id', '=', repositoryId)
      .where('tag', '=', tag)
      .where('number', '<=', number - maxTagChanges)
      .execute()
  }
}

/** Who made a change; undefined if nobody is recorded. */
export function changedBy({ by_kind, by_id, by_name }: ChangedBy): Actor | undefined {
  return storedActor(by_kind, by_id, by_name)
}

/** The newest changes of a tag, newest first; at most {@link maxTagChanges}. */
export async function readTagChanges(
  database: Database,
  repositoryId: string,
  tag: string,
  sinceMs: number,
): Promise<TagChangeRow[]> {
  return database
    .tables<RegistryTables>()
    .selectFrom('tag_change')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('tag', '=', tag)
    .where('changed_at_ms', '>=', sinceMs)
    .orderBy('number', 'desc')
    .limit(maxTagChanges)
    .execute()
}

/** Deletes the changes before an instant. */
export async function pruneTagChanges(database: Database, beforeMs: number): Promise<void> {
  const isOld = sql<boolean>`changed_at_ms < ${beforeMs}`
  const prune = (transaction: Transaction) => deletePiece(transaction.tables<RegistryTables>(), 'tag_change', isOld)
  while ((await database.transaction(prune)) === pieceRows) await nextTurn()
}
