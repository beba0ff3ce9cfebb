import { sql } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import { chunked } from '../rows/piece-store.ts'
import type { RegistryTables } from '../rows/rows.ts'

/** How many days of pulls are kept, today included. */
export const keptDays = 30

const dayMs = 24 * 60 * 60 * 1000

/** The day of a time, in UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs)
}

/** The pulls of repositories on each of the kept days, the oldest first, by the id of the repository. */
export async function readPullDays(
  database: Database,
  repositoryIds: readonly string[],
  nowMs: number,
): Promise<(repositoryId: string) => number[]> {
  const first = dayOf(nowMs) - keptDays + 1
  const pulls = new Map<string, number[]>()
  const of = (id: string) => pulls.get(id) ?? Array.from({ length: keptDays }, () => 0)
  // One row for each repository, because making an object for each day costs more.
  const list =
    database.kind === 'sqlite'
      ? sql<string>`group_concat(day || ':' || pulls)`
      : sql<string>`string_agg(day || ':' || pulls, ',')`
  for (const chunk of chunked(repositoryIds)) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('repository_day')
      .select(['repository_id', list.as('days')])
      .where('repository_id', 'in', chunk)
      .where('day', '>=', first)
      .where('day', '<', first + keptDays)
      .groupBy('repository_id')
      .execute()
    for (const { repository_id, days: text } of rows) {
      const days = of(repository_id)
      for (const entry of text.split(',')) {
        const [day = 0, count = 0] = entry.split(':').map(Number)
        days[day - first] = count
      }
      pulls.set(repository_id, days)
    }
  }
  return of
}

/** The pulls of a repository on one day, and the last of them. */
export type DayOfPulls = {
  readonly repositoryId: string
  readonly day: number
  readonly pulls: number
  readonly lastAtMs: number
}

/** Adds pulls, of at most some hundred repositories and days. */
export function addPulls(database: Database, counted: readonly DayOfPulls[]): Promise<void> {
  return database.transaction(async (transaction) => {
    const tables = transaction.tables<RegistryTables>()
    for (const { repositoryId: repository_id, day, pulls, lastAtMs: pulled_at_ms } of counted) {
      await tables
        .insertInto('repository_day')
        .values({ repository_id, day, pulls })
        .onConflict((conflict) =>
          conflict
            .columns(['repository_id', 'day'])
            .doUpdateSet((row) => ({ pulls: row('repository_day.pulls', '+', pulls) })),
        )
        .execute()
      await tables
        .insertInto('repository_pull')
        .values({ repository_id, pulls, pulled_at_ms })
        .onConflict((conflict) =>
          conflict.column('repository_id').doUpdateSet((row) => ({
            pulls: row('repository_pull.pulls', '+', pulls),
            pulled_at_ms: row
              .case()
              .when('repository_pull.pulled_at_ms', '>', pulled_at_ms)
              .then(row.ref('repository_pull.pulled_at_ms'))
              .else(pulled_at_ms)
              .end(),
          })),
        )
        .execute()
    }
  })
}

const expiredAtOnce = 300

/** Deletes days that are no longer kept, and subtracts their pulls from the sums. */
export async function expirePulls(database: Database, nowMs: number): Promise<void> {
  const first = dayOf(nowMs) - keptDays + 1
  for (;;) {
    const expired = await database
      .tables<RegistryTables>()
      .selectFrom('repository_day')
      .selectAll()
      .where('day', '<', first)
      .orderBy('day')
      .limit(expiredAtOnce)
      .execute()
    if (expired.length > 0) {
      await database.transaction(async (transaction) => {
        const tables = transaction.tables<RegistryTables>()
        for (const { repository_id, day } of expired) {
          const gone = await tables
            .deleteFrom('repository_day')
            .where('repository_id', '=', repository_id)
            .where('day', '=', day)
            .returning('pulls')
            .executeTakeFirst()
          if (gone === undefined) continue
          await tables
            .updateTable('repository_pull')
            .set((row) => ({ pulls: row('pulls', '-', gone.pulls) }))
            .where('repository_id', '=', repository_id)
            .execute()
        }
      })
    }
    if (expired.length < expiredAtOnce) return
  }
}

/** Deletes the pulls of repositories that no longer exist. */
export async function sweepPulls(database: Database): Promise<void> {
  let last = ''
  for (;;) {
    const rows = await database
      .tables<RegistryTables>()
      .selectFrom('repository_pull')
      .leftJoin('repository', 'repository.id', 'repository_pull.repository_id')
      .select(['repository_pull.repository_id', 'repository.id'])
      .where('repository_pull.repository_id', '>', last)
      .orderBy('repository_pull.repository_id')
      .limit(expiredAtOnce)
      .execute()
    const gone = rows.flatMap(({ id, repository_id }) => (id === null ? [repository_id] : []))
    if (gone.length > 0) {
      await database.transaction(async (transaction) => {
        const tables = transaction.tables<RegistryTables>()
        await tables.deleteFrom('repository_day').where('repository_id', 'in', gone).execute()
        await tables.deleteFrom('repository_pull').where('repository_id', 'in', gone).execute()
      })
    }
    if (rows.length < expiredAtOnce) return
    last = rows.at(-1)?.repository_id ?? ''
  }
}
