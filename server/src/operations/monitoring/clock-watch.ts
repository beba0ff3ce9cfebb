import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { databaseTimeMs } from '../../platform/sql/database-time.ts'

/** Compares the clock of this server with the clock of PostgreSQL. All servers on a database use the same PostgreSQL. */
export type ClockWatch = {
  /** Compares the clocks, and logs when they begin to differ and when they agree again. Never throws. */
  readonly probe: () => Promise<void>
  /**
   * The number of milliseconds by which the clock of this server was ahead at the last comparison; negative if the clock was behind. The
   * value is undefined before the first comparison, and always with SQLite.
   */
  readonly aheadMs: () => number | undefined
}

/** The server reports a larger difference. Synchronised clocks differ only by milliseconds. */
export const notableClockDifferenceMs = 10_000

/**
 * Compares the clock of a server with the clock of its database, before the server is ready and at each probe. A server whose clock is
 * wrong is therefore never ready.
 */
export async function openClockWatch({
  database,
  clock,
  log,
}: {
  readonly database: Pick<Database, 'kind' | 'tables'>
  readonly clock: Clock
  readonly log: Pick<Log, 'info' | 'warn'>
}): Promise<ClockWatch> {
  let aheadMs: number | undefined
  let isNotable = false

  async function probe(): Promise<void> {
    if (database.kind !== 'postgres') return
    const beforeMs = clock.now()
    const theirsMs = await databaseTimeMs(database).catch(() => undefined)
    if (theirsMs === undefined) return
    aheadMs = differenceOf(beforeMs, theirsMs, clock.now())
    const wasNotable = isNotable
    isNotable = Math.abs(aheadMs) > notableClockDifferenceMs
    if (isNotable === wasNotable) return
    if (isNotable) log.warn({ aheadSeconds: aheadMs / 1000 }, 'the clocks of this server and of PostgreSQL differ')
    else log.info('the clocks of this server and of PostgreSQL agree again')
  }

  await probe()
  return { probe, aheadMs: () => aheadMs }
}

/**
 * The smallest difference that is consistent with the three times: the database read its clock at some moment between the two readings of
 * the server.
 */
function differenceOf(beforeMs: number, theirsMs: number, afterMs: number): number {
  if (theirsMs < beforeMs) return beforeMs - theirsMs
  return Math.min(0, afterMs - theirsMs)
}
