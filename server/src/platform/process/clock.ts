/** The only source of the time of day in the server, so that tests can move it. */
export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** The clock for what keeps real time although this clock is steered. By default, it is this clock. */
  readonly machine?: Clock
  /** The state of a steered clock, for {@link sharedClock} in other threads. */
  readonly memory?: SharedArrayBuffer
}

/** The machine's clock, in milliseconds since the epoch. */
export const systemClock: Clock = { now: () => Date.now() }

/**
 * The clock for leases, timeouts, budgets, TLS, and signatures that other systems verify. A steered clock does not move it:
 * a clock that is frozen must not stop a budget from refilling, and one that is ahead must not replace certificates.
 */
export function machineClockOf(clock: Clock): Clock {
  return clock.machine ?? clock
}

/** How far apart the clocks of the servers on one database may be. */
export const maxClockDifferenceMs = 5 * 60 * 1000

/**
 * Whether a wait until a stored time still lasts. A time that is further away than the longest possible wait was stored by a
 * clock that was ahead and has been corrected: such a wait has ended.
 */
export function isWaiting(untilMs: number, nowMs: number, maxWaitMs: number): boolean {
  return nowMs < untilMs && untilMs <= latestPossibleMs(nowMs, maxWaitMs)
}

/** The latest time that a wait can end at. A stored time after it is wrong. */
export function latestPossibleMs(nowMs: number, maxWaitMs: number): number {
  return nowMs + maxWaitMs + maxClockDifferenceMs
}
