/** The state of the leases, as read by a statement that began after a transaction was committed. */
export type Standing = {
  /** The current authority revision, which is at least the revision of the transaction. */
  readonly revision: number
  /** The number of other replicas that have not acknowledged the awaited revision. */
  readonly behind: number
  /** False after a failover, until all earlier leases have ended, because the rows of these leases may be lost. */
  readonly isTimelineSettled: boolean
}

/** The next step of a waiting revocation. */
export type WaitCommand =
  /** Read the {@link Standing} again after this time, or earlier if a replica announces an acknowledgement. */
  | { readonly kind: 'look'; readonly afterMs: number }
  /** No replica has a lease of an earlier revision. */
  | { readonly kind: 'answer' }
  /**
   * The length of a lease has passed, so no replica has a lease of an earlier revision. Delete the leases of revisions
   * before `revision`, and settle its timeline.
   */
  | { readonly kind: 'expire'; readonly revision: number }

/**
 * The share of a lease's length after which a waiting revocation considers the lease expired. With this share, the
 * clock may be 2 % fast.
 */
const waitedShare = 1.02
/** The interval of reads while no replica announces an acknowledgement. */
const lookMs = 50

/**
 * The wait between the commit of a revocation and the answer, as a state machine without I/O. Times are milliseconds of
 * the monotonic clock.
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

  /** The awaited revision. Undefined until the revision has been read. */
  get revision(): number | undefined {
    return this.#revision
  }

  /** Returns the next step. `standing` is the standing that was just read, or undefined if the read failed. */
  next(standing: Standing | undefined, nowMs: number): WaitCommand {
    if (this.#revision === undefined && standing !== undefined) {
      // The revision may belong to a later revocation, whose leases end later.
      this.#revision = standing.revision
      this.#sinceMs = nowMs
    }
    if (standing?.behind === 0 && standing.isTimelineSettled) return { kind: 'answer' }
    const leftMs = this.#sinceMs + this.#lengthMs - nowMs
    if (leftMs > 0) return { kind: 'look', afterMs: Math.min(leftMs, lookMs) }
    return this.#revision === undefined ? { kind: 'answer' } : { kind: 'expire', revision: this.#revision }
  }
}
