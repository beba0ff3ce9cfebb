import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { databaseTimeMs } from '../../platform/sql/database-time.ts'

/** Compares the clock of this server with that of PostgreSQL, which all servers on a database share. */
export type ClockWatch = {
  /** Compares the clocks, and logs when they begin to differ and when they agree again. Never throws. */
  readonly probe: () => Promise<void>
  /**
   * By how many milliseconds the clock of this server was ahead at the last comparison; negative if it was behind. Undefined
   * if they were not compared, and always on SQLite.
   */
  readonly aheadMs: () => number | undefined
}

/** A larger difference is reported. Clocks that are synchronised differ by milliseconds. */
export const notableClockDifferenceMs = 10_000

/** Compares the clock of a server with that of its database, so that a server whose clock is wrong is never ready, and again at each probe. */
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

/** The smallest difference that explains the three times: the database read its clock at any moment between the two others. */
function differenceOf(beforeMs: number, theirsMs: number, afterMs: number): number {
  if (theirsMs < beforeMs) return beforeMs - theirsMs
  return Math.min(0, afterMs - theirsMs)
}
