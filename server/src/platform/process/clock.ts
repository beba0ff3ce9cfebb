/** The only source of the time of day in the server, so that tests can change the time. */
export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /**
   * The clock for values that use the real time, although this clock may be adjusted. By default, this clock is used.
   */
  readonly machine?: Clock
  /** The state of an adjustable clock, for {@link sharedClock} in other threads. */
  readonly memory?: SharedArrayBuffer
}

/** The machine's clock, in milliseconds since the epoch. */
export const systemClock: Clock = { now: () => Date.now() }

/**
 * The clock for leases, timeouts, budgets, TLS, and signatures that other systems verify. This clock is independent of
 * an adjustable clock. A stopped adjustable clock must not stop the refill of a budget, and an adjustable clock that is
 * ahead must not cause new certificates.
 */
export function machineClockOf(clock: Clock): Clock {
  return clock.machine ?? clock
}

/** The maximum difference between the clocks of the servers on one database. */
export const maxClockDifferenceMs = 5 * 60 * 1000

/**
 * Whether a wait until a stored time still lasts. If the stored time is later than the longest possible wait, the clock
 * was ahead when the time was stored, and was corrected later. Such a wait has ended.
 */
export function isWaiting(untilMs: number, nowMs: number, maxWaitMs: number): boolean {
  return nowMs < untilMs && untilMs <= latestPossibleMs(nowMs, maxWaitMs)
}

/** The latest possible end of a wait. A later stored time is wrong. */
export function latestPossibleMs(nowMs: number, maxWaitMs: number): number {
  return nowMs + maxWaitMs + maxClockDifferenceMs
}
