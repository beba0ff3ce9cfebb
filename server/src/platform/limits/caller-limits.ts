/** The resources that one caller may use. */
export type CallerLimits = {
  /** Concurrent requests; further requests wait. */
  readonly maxConcurrentRequests: number
  /** The long-term share of one core while other callers send requests. With several accepting threads, of one core for each. */
  readonly processorPercent: number
  /** Bytes of request bodies held in memory at the same time, per caller and in total. */
  readonly maxBufferedBytes: number
  readonly maxBufferedBytesInTotal: number
}

/** The default limits. */
export const usualCallerLimits: CallerLimits = {
  maxConcurrentRequests: 256,
  processorPercent: 25,
  maxBufferedBytes: 16 * 1024 * 1024,
  maxBufferedBytesInTotal: 128 * 1024 * 1024,
}

/** What a request costs that waits for I/O, in milliseconds of the main thread, and whether it can occupy that thread for long. */
export type RequestCost = { readonly waitingMs: number; readonly takesTurns: boolean }

/** The cost of a request without a declared cost. */
export const usualCost: RequestCost = { waitingMs: 0.3, takesTurns: false }

/** The caller has used up its budget, and its queue is full. */
export class OverBudgetError extends Error {
  override readonly name = 'OverBudgetError'
  readonly statusCode = 429
  /** In how many seconds the queued requests are expected to be finished. */
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('the caller has reached a limit')
    this.retryAfterSeconds = retryAfterSeconds
  }
}
