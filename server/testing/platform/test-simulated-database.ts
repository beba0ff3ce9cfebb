import type { Standing } from '../../src/platform/leases/revocation-wait.ts'
import type { SimulationRule } from './test-simulation-rules.ts'
import type { World } from './test-simulated-world.ts'

type Change = { readonly atMs: number; readonly isLease: boolean; readonly undo: () => void }

/** The effect of a revocation on the database. */
export type Revoked = { readonly isChanged: boolean; readonly losses: number }

/** A database with rights, the authority revision and leases. Statements are atomic; a failover loses the latest changes. */
export class SimulatedDatabase {
  readonly granted: boolean[]
  /** The number of revocations of each right that were lost in failovers. */
  readonly losses: number[]
  /** Statements that were sent before a failover are never executed. */
  failovers = 0
  downUntilMs = 0
  #world: World
  #removed: SimulationRule | undefined
  #revision = 1
  #timeline = 1
  #settledTimeline = 1
  #leases = new Map<string, number>()
  #changes: Change[] = []

  constructor(world: World, rights: number, removed: SimulationRule | undefined) {
    this.#world = world
    this.#removed = removed
    this.granted = Array.from({ length: rights }, () => true)
    this.losses = Array.from({ length: rights }, () => 0)
  }

  authority(): number {
    return this.#removed === 'a revision contains the timeline'
      ? this.#revision
      : this.#timeline * 1000 + this.#revision
  }

  /** Whether a write is committed if its caller was admitted at a revision. */
  commitsAt(revision: number): boolean {
    return (
      this.#removed === 'the commit of a write compares the revision of its admission' || revision === this.authority()
    )
  }

  acknowledge(replica: string, revision: number): void {
    const before = this.#leases.get(replica)
    const isLower = this.#removed !== 'an acknowledgement never decreases'
    this.#setLease(replica, isLower ? Math.max(before ?? 0, revision) : revision)
  }

  removeLease(replica: string): void {
    this.#setLease(replica, undefined)
  }

  /** Removes a right and increases the revision. If the right does not exist, nothing changes. */
  revoke(right: number): Revoked {
    const isChanged = this.granted[right] === true
    if (isChanged) {
      this.#raise()
      if (this.#removed === 'rights and revision change in one transaction') {
        this.#world.after(this.#world.upTo(20), () => this.#remove(right))
      } else this.#remove(right)
    }
    return { isChanged, losses: this.losses[right] ?? 0 }
  }

  standing(replica: string, revision: number | undefined): Standing {
    const awaited = revision ?? this.authority()
    let behind = 0
    for (const [other, acknowledged] of this.#leases) if (other !== replica && acknowledged < awaited) behind += 1
    const isTimelineSettled =
      this.#removed === 'after a failover a revocation takes the length of a lease' ||
      this.#settledTimeline >= timelineOf(awaited)
    return { revision: this.authority(), behind, isTimelineSettled }
  }

  expire(revision: number): void {
    this.removeBehind(revision)
    const before = this.#settledTimeline
    this.#settledTimeline = Math.max(before, timelineOf(revision))
    this.#record(true, () => (this.#settledTimeline = before))
  }

  removeBehind(revision: number): void {
    for (const [replica, acknowledged] of this.#leases) if (acknowledged < revision) this.removeLease(replica)
  }

  /** Another server takes over. It lacks the changes of the latest milliseconds. */
  failOver(lagMs: number): void {
    this.#loseSince(this.#world.nowMs - lagMs, false)
    this.#timeline += 1
    this.failovers += 1
  }

  /** The server restarts after a crash, and still has all changes. */
  crash(): void {
    this.failovers += 1
    if (this.#removed === 'leases are durable') this.#loseSince(this.#world.nowMs - 500, true)
  }

  #raise(): void {
    this.#revision += 1
    this.#record(false, () => (this.#revision -= 1))
  }

  #remove(right: number): void {
    if (this.granted[right] !== true) return
    this.granted[right] = false
    this.#record(false, () => {
      this.granted[right] = true
      this.losses[right] = (this.losses[right] ?? 0) + 1
    })
  }

  #setLease(replica: string, acknowledged: number | undefined): void {
    const before = this.#leases.get(replica)
    this.#putLease(replica, acknowledged)
    this.#record(true, () => this.#putLease(replica, before))
  }

  #putLease(replica: string, acknowledged: number | undefined): void {
    if (acknowledged === undefined) this.#leases.delete(replica)
    else this.#leases.set(replica, acknowledged)
  }

  #record(isLease: boolean, undo: () => void): void {
    this.#changes.push({ atMs: this.#world.nowMs, isLease, undo })
  }

  #loseSince(sinceMs: number, onlyLeases: boolean): void {
    for (const change of this.#changes.filter(({ atMs }) => atMs > sinceMs).toReversed()) {
      if (change.isLease || !onlyLeases) change.undo()
    }
    // A later failover cannot undo these changes again.
    this.#changes = []
  }
}

function timelineOf(revision: number): number {
  return Math.floor(revision / 1000)
}
