import type { RequestCost } from '../limits/caller-limits.ts'

/**
 * The classes of the cost of a route. A request is charged the time that it uses the main thread; `waitingMs` is charged in
 * addition if it waits for the disk, the database or the client, since the time after that is unknown. Requests that take
 * turns can occupy the main thread for milliseconds: requests of other callers run between any two of them.
 */
export const routeCosts = {
  /** Answers from memory, or with one row or blob. */
  small: { waitingMs: 0.3, takesTurns: false },
  /** Reads from the database. */
  read: { waitingMs: 0.8, takesTurns: false },
  /** Reads what may be many rows or a large document. */
  list: { waitingMs: 0.8, takesTurns: true },
  /** Writes, which occupies the writer thread, too. */
  change: { waitingMs: 2.5, takesTurns: false },
  /** Moves the authority revision, after which the decisions about all callers are made again; or signs or hashes. */
  'heavy-change': { waitingMs: 8, takesTurns: true },
} as const satisfies Readonly<Record<string, RequestCost>>

/** What a request to a route costs: the column of every route table. */
export type RouteCost = keyof typeof routeCosts

/** The approximate time of a denial on the main thread, in milliseconds. */
export const denialCostMs = 0.5
