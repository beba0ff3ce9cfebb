import { type Instant, Lease, type LeaseCommand } from '../../src/platform/leases/lease.ts'

/** The rules of the protocol whose removal makes a revoked right usable. The simulation removes one rule at a time. */
export const simulationRules = [
  'a revocation waits for the acknowledgements',
  'a wait begins with the reply to the commit',
  'a wait uses the monotonic clock',
  'a repeated revocation waits too',
  'leases are deleted only after the wait',
  'a replica that revokes ends its own lease first',
  'after a failover a revocation takes the length of a lease',
  'all replicas use one length',
  'a replica uses less than the length, and a revocation waits for more',
  'a revision contains the timeline',
  'rights and revision change in one transaction',
  'leases are durable',
  'a process has an id of its own',
  'an acknowledgement is committed before the revision is read',
  'an acknowledgement never decreases',
  'a lease begins before the renewal is sent',
  'a lease needs the revision that was acknowledged',
  'a lease needs the highest revision that was heard',
  'a higher revision ends the lease before it is acknowledged',
  'a lease uses the monotonic clock',
  'a lease uses the wall clock',
  'a process that stops ends its lease before it deletes the row',
  'a request reads the clock after it began',
  'a request reads the revision before the rights',
  'a cache is valid for one revision',
  'the commit of a write compares the revision of its admission',
] as const

/** A rule in {@link simulationRules} or in {@link needlessRules}. */
export type SimulationRule = (typeof simulationRules)[number] | (typeof needlessRules)[number]

/** Rules whose removal causes no violation in the simulation. These rules make a revocation or a replica faster. */
export const needlessRules = ['replicas are notified', 'leases that are behind are deleted'] as const

/** A lease that breaks one of the rules of {@link Lease}. */
export class FaultyLease extends Lease {
  readonly #rule: SimulationRule
  readonly #usedMs: number
  #heard = 0
  #renewal = { startedAt: { monotonicMs: 0, wallMs: 0 }, revision: 0 }
  #granted: { readonly at: Instant; readonly revision: number } | undefined

  constructor(lengthMs: number, rule: SimulationRule) {
    super(lengthMs)
    this.#rule = rule
    this.#usedMs = 0.98 * lengthMs
  }

  override revisionAt(now: Instant): number | undefined {
    const granted = this.#granted
    if (granted === undefined) return super.revisionAt(now)
    const elapsed = Math.max(now.monotonicMs - granted.at.monotonicMs, now.wallMs - granted.at.wallMs)
    return super.revisionAt(now) ?? (elapsed < this.#usedMs ? granted.revision : undefined)
  }

  override renew(now: Instant): LeaseCommand | undefined {
    const command = super.renew(now)
    if (command?.kind === 'acknowledge') this.#renewal = { startedAt: now, revision: command.revision }
    return command
  }

  override heard(revision: number, now: Instant): LeaseCommand | undefined {
    if (revision > this.#heard) {
      if (this.#rule !== 'a higher revision ends the lease before it is acknowledged') this.#granted = undefined
      this.#heard = revision
    }
    return super.heard(revision, now)
  }

  override revisionRead(revision: number, now: Instant): LeaseCommand | undefined {
    const { startedAt, revision: acknowledged } = this.#renewal
    const isHighest = revision >= this.#heard
    this.#heard = Math.max(this.#heard, revision)
    switch (this.#rule) {
      case 'a lease begins before the renewal is sent':
        this.#granted = revision === acknowledged && isHighest ? { at: now, revision } : undefined
        break
      case 'a lease needs the revision that was acknowledged':
        this.#granted = isHighest ? { at: startedAt, revision } : undefined
        break
      case 'a lease needs the highest revision that was heard':
        this.#granted = revision === acknowledged ? { at: startedAt, revision } : undefined
        break
      case 'a higher revision ends the lease before it is acknowledged':
        if (revision === acknowledged && isHighest) this.#granted = { at: startedAt, revision }
        break
      default:
        this.#granted = undefined
    }
    return super.revisionRead(revision, now)
  }
}
