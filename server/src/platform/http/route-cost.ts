import type { RequestCost } from '../limits/caller-limits.ts'

/**
 * The classes of the cost of a route. A request is charged for the time that it uses the main thread. `waitingMs` is
 * charged in addition if the request waits for the disk, the database or the client, because the time after the wait is
 * not measured. A request of a class with `takesTurns` can occupy the main thread for milliseconds. Between two such
 * requests, requests of other callers run.
 */
export const routeCosts = {
  /** The route answers from memory, or with one row or blob. */
  small: { waitingMs: 0.3, takesTurns: false },
  /** The route reads from the database. */
  read: { waitingMs: 0.8, takesTurns: false },
  /** The route may read many rows or a large document. */
  list: { waitingMs: 0.8, takesTurns: true },
  /** The route writes, which also occupies the writer thread. */
  change: { waitingMs: 2.5, takesTurns: false },
  /**
   * The route increments the authority revision, so that the decisions about all callers are repeated, or the route
   * signs or hashes.
   */
  'heavy-change': { waitingMs: 8, takesTurns: true },
} as const satisfies Readonly<Record<string, RequestCost>>

/** The cost class of a route: a column of every route table. */
export type RouteCost = keyof typeof routeCosts

/** The approximate time of a denial on the main thread, in milliseconds. */
export const denialCostMs = 0.5
