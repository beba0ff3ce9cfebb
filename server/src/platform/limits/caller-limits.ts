/** The resources that one caller may use. */
export type CallerLimits = {
  /** The maximum number of concurrent requests. Further requests wait. */
  readonly maxConcurrentRequests: number
  /**
   * The caller's long-term share of one core while other callers send requests. If several threads accept connections,
   * the share is of one core per thread.
   */
  readonly processorPercent: number
  /** The maximum number of bytes of request bodies in memory at the same time, per caller and in total. */
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

/**
 * The cost of a request that waits for I/O, in milliseconds of the main thread, and whether a request can occupy this
 * thread for long.
 */
export type RequestCost = { readonly waitingMs: number; readonly takesTurns: boolean }

/** The cost of a request without a declared cost. */
export const usualCost: RequestCost = { waitingMs: 0.3, takesTurns: false }

/** The caller has used up its budget, and the caller's queue is full. */
export class OverBudgetError extends Error {
  override readonly name = 'OverBudgetError'
  readonly statusCode = 429
  /** The number of seconds after which the queued requests are expected to be finished. */
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('the caller has reached a limit')
    this.retryAfterSeconds = retryAfterSeconds
  }
}
