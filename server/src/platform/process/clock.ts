/** The only source of the time of day in the server, so that tests can move it. */
export type Clock = { readonly now: () => number }

/** The machine's clock, in milliseconds since the epoch. */
export const systemClock: Clock = { now: () => Date.now() }

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
