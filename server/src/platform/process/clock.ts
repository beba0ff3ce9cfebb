/** The only source of the time of day in the server, so that tests can move it. */
export type Clock = { readonly now: () => number }

/** The machine's clock, in milliseconds since the epoch. */
export const systemClock: Clock = { now: () => Date.now() }
