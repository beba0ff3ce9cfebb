import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { databaseTimeMs } from '../../platform/sql/database-time.ts'

/**
 * The current time with which deletions compare expiry times. On PostgreSQL, this time is at most the time of the database, because the
 * clock of this server may be ahead of the clocks of the servers that wrote the times.
 */
export async function timeOfDeletions({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: Clock
}): Promise<number> {
  return database.kind === 'postgres' ? Math.min(clock.now(), await databaseTimeMs(database)) : clock.now()
}
