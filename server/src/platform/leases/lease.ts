/** A reading of both clocks of this machine. */
export type Instant = {
  /** Milliseconds of a clock that never jumps, but stops while a virtual machine is suspended. */
  readonly monotonicMs: number
  /** Milliseconds of the time of day, which can be set to any value. */
  readonly wallMs: number
}

/** The next step of the owner of a {@link Lease}. */
export type LeaseCommand =
  /**
   * Store that this replica acknowledges the revision, in a separate transaction. Then call {@link Lease.acknowledged}.
   */
  | { readonly kind: 'acknowledge'; readonly revision: number }
  /**
   * Read the authority revision in another transaction, which begins after this command. Then call {@link
   * Lease.revisionRead}.
   */
  | { readonly kind: 'read' }
  /** Notify the replicas that wait for the acknowledgement of the revision. */
  | { readonly kind: 'announce'; readonly revision: number }

type Renewal = { readonly startedAt: Instant; readonly revision: number }

/**
 * The share of a lease's length for which a replica uses the lease. With this share, the replica's clock may be 2 %
 * slow.
 */
const usedShare = 0.98

/**
 * The lease of one replica on the authority revision, as a state machine without I/O. While the lease is valid, no
 * revocation with a later revision has been completed: see docs/decisions/0016-revocation-leases.md.
 */
export class Lease {
  readonly #usedMs: number
  #known = 0
  #grantedAt: Instant | undefined
  #renewal: Renewal | undefined
  #announced = 0
  #isStopped = false

  constructor(lengthMs: number) {
    this.#usedMs = usedShare * lengthMs
  }

  /** The authority revision, if the lease is valid. `now` must be read after the request began. */
  revisionAt(now: Instant): number | undefined {
    if (this.#grantedAt === undefined || elapsedMs(this.#grantedAt, now) >= this.#usedMs) return undefined
    return this.#known
  }

  /** Begins a renewal, unless a renewal is in progress. `now` must be read before the command is sent. */
  renew(now: Instant): LeaseCommand | undefined {
    if (this.#renewal !== undefined || this.#isStopped) return undefined
    this.#renewal = { startedAt: now, revision: this.#known }
    return { kind: 'acknowledge', revision: this.#known }
  }

  /** Call this method when the acknowledgement is committed. */
  acknowledged(): LeaseCommand {
    return { kind: 'read' }
  }

  /**
   * Call this method with the revision that was read after the acknowledgement. A new revision begins another renewal.
   */
  revisionRead(revision: number, now: Instant): LeaseCommand | undefined {
    const renewal = this.#renewal
    this.#renewal = undefined
    if (renewal === undefined || this.#isStopped) return undefined
    if (revision === renewal.revision && revision === this.#known) {
      this.#grantedAt = renewal.startedAt
      if (revision === this.#announced) return undefined
      this.#announced = revision
      return { kind: 'announce', revision }
    }
    this.#grantedAt = undefined
    this.#known = Math.max(this.#known, revision)
    return this.#known > renewal.revision ? this.renew(now) : undefined
  }

  /** Call this method when the renewal failed. A lease that was granted earlier stays valid until it ends. */
  renewalFailed(): void {
    this.#renewal = undefined
  }

  /** Call this method with a revision from any other source. A higher revision ends the lease, and begins a renewal. */
  heard(revision: number, now: Instant): LeaseCommand | undefined {
    if (revision <= this.#known) return undefined
    this.#known = revision
    this.#grantedAt = undefined
    return this.renew(now)
  }

  /** Ends the lease permanently. */
  stop(): void {
    this.#isStopped = true
    this.#grantedAt = undefined
  }
}

/**
 * The elapsed time is the larger of the two clocks' times, because one clock may have been set back, and the other
 * clock may have been suspended.
 */
function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(to.monotonicMs - from.monotonicMs, to.wallMs - from.wallMs)
}
