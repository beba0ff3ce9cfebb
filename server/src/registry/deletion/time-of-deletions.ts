import { sql } from 'kysely'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'

/**
 * The time with which deletions compare when something expires. On PostgreSQL, it is at most the time of the database, because the
 * clock of this server may be ahead of the clocks of the servers that wrote the times.
 */
export async function timeOfDeletions({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: Clock
}): Promise<number> {
  if (database.kind !== 'postgres') return clock.now()
  const query = sql<{ now_ms: string | number }>`select floor(extract(epoch from clock_timestamp()) * 1000) as now_ms`
  const { rows } = await query.execute(database.tables())
  return Math.min(clock.now(), Number(rows[0]?.now_ms))
}
