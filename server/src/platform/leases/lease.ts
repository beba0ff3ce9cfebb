/** A reading of both clocks of this machine. */
export type Instant = {
  /** Milliseconds of a clock that never jumps, but stops while a virtual machine is suspended. */
  readonly monotonicMs: number
  /** Milliseconds of the time of day, which can be set to any value. */
  readonly wallMs: number
}

/** The next step of the owner of a {@link Lease}. */
export type LeaseCommand =
  /** Store that this replica knows the revision, in a transaction of its own. Then call {@link Lease.acknowledged}. */
  | { readonly kind: 'acknowledge'; readonly revision: number }
  /** Read the authority revision in another transaction that begins now. Then call {@link Lease.revisionRead}. */
  | { readonly kind: 'read' }
  /** Notify those that wait for the acknowledgement of the revision. */
  | { readonly kind: 'announce'; readonly revision: number }

type Renewal = { readonly startedAt: Instant; readonly revision: number }

/** The share of a lease's length for which a replica uses it, so that its clock may be 2 % slow. */
const usedShare = 0.98

/**
 * The lease of one replica on the authority revision, as a state machine without I/O. While it is valid, no
 * revocation of a later revision has been answered: see docs/decisions/0016-revocation-leases.md.
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

  /** Begins a renewal, unless one is in progress. `now` must be read before the command is sent. */
  renew(now: Instant): LeaseCommand | undefined {
    if (this.#renewal !== undefined || this.#isStopped) return undefined
    this.#renewal = { startedAt: now, revision: this.#known }
    return { kind: 'acknowledge', revision: this.#known }
  }

  /** The acknowledgement is committed. */
  acknowledged(): LeaseCommand {
    return { kind: 'read' }
  }

  /** The revision that was read after the acknowledgement. It begins another renewal if the revision is a new one. */
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

  /** The renewal failed. A lease that was granted earlier stays valid until it ends. */
  renewalFailed(): void {
    this.#renewal = undefined
  }

  /** A revision from any other source. A higher one ends the lease, and begins a renewal. */
  heard(revision: number, now: Instant): LeaseCommand | undefined {
    if (revision <= this.#known) return undefined
    this.#known = revision
    this.#grantedAt = undefined
    return this.renew(now)
  }

  /** Ends the lease for good. */
  stop(): void {
    this.#isStopped = true
    this.#grantedAt = undefined
  }
}

/** The larger of both clocks' times: one may have been set back, or the other may have been suspended. */
function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(to.monotonicMs - from.monotonicMs, to.wallMs - from.wallMs)
}
