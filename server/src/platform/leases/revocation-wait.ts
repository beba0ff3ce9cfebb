/** The leases, as read by a statement that began after a transaction was committed. */
export type Standing = {
  /** The authority revision: at least that of the transaction. */
  readonly revision: number
  /** The number of other replicas that have not acknowledged the revision that is waited for. */
  readonly behind: number
  /** False after a failover, until all leases from before it have ended: their rows may be lost. */
  readonly isTimelineSettled: boolean
}

/** The next step of a revocation that waits. */
export type WaitCommand =
  /** Read the {@link Standing} again after this time, or earlier if a replica announces an acknowledgement. */
  | { readonly kind: 'look'; readonly afterMs: number }
  /** No replica has a lease of an earlier revision. */
  | { readonly kind: 'answer' }
  /**
   * The length of a lease has passed, so no replica has a lease of an earlier revision: delete the leases that are
   * behind `revision`, and settle its timeline.
   */
  | { readonly kind: 'expire'; readonly revision: number }

/**
 * The share of a lease's length after which a waiting revocation considers the lease expired, so that its clock may
 * be 2 % fast.
 */
const waitedShare = 1.02
/** The interval of reads if no acknowledgement is announced. */
const lookMs = 50

/**
 * The wait between the commit of a revocation and its answer, as a state machine without I/O. Times are of the
 * monotonic clock, in milliseconds.
 */
export class RevocationWait {
  readonly #lengthMs: number
  #sinceMs: number
  #revision: number | undefined

  /** Begins the wait. `nowMs` must be read after the reply to the commit. */
  constructor(lengthMs: number, nowMs: number) {
    this.#lengthMs = waitedShare * lengthMs
    this.#sinceMs = nowMs
  }

  /** The revision that is waited for, once it is known. */
  get revision(): number | undefined {
    return this.#revision
  }

  /** The next step, with the standing that was just read; undefined if it could not be read. */
  next(standing: Standing | undefined, nowMs: number): WaitCommand {
    if (this.#revision === undefined && standing !== undefined) {
      // It may be the revision of a later revocation, whose leases end that much later.
      this.#revision = standing.revision
      this.#sinceMs = nowMs
    }
    if (standing?.behind === 0 && standing.isTimelineSettled) return { kind: 'answer' }
    const leftMs = this.#sinceMs + this.#lengthMs - nowMs
    if (leftMs > 0) return { kind: 'look', afterMs: Math.min(leftMs, lookMs) }
    return this.#revision === undefined ? { kind: 'answer' } : { kind: 'expire', revision: this.#revision }
  }
}
