import { RevisionCache } from '../../src/platform/memory/revision-cache.ts'
import { type Instant, Lease, type LeaseCommand } from '../../src/platform/leases/lease.ts'
import { RevocationWait, type Standing } from '../../src/platform/leases/revocation-wait.ts'
import type { Revoked, SimulatedDatabase } from './test-simulated-database.ts'
import { FaultyLease, type SimulationRule } from './test-simulation-rules.ts'
import type { World } from './test-simulated-world.ts'

/** The length of a lease in the simulation. */
export const lengthMs = 1000

/** The quality of the network in a schedule: probabilities for one message. */
export type Network = { readonly loss: number; readonly delay: number }

/** What the simulation observes of all replicas. */
export type Observer = {
  readonly answered: (right: number, losses: number) => void
  /** The client does not know whether the revocation succeeded. */
  readonly unanswered: (right: number) => void
  readonly decided: (right: number, begunAtMs: number, isAllowed: boolean) => void
  /** A write was committed that had been admitted by a right. */
  readonly committed: (right: number) => void
  readonly announced: () => void
  readonly raised: (revision: number) => void
}

type Options = {
  readonly id: string
  readonly world: World
  readonly database: SimulatedDatabase
  readonly network: Network
  readonly observer: Observer
  readonly removed: SimulationRule | undefined
}

/** A simulated server process, with its own lease, cache and clocks. */
export class SimulatedReplica {
  isAlive = true
  isPartitioned = false
  pausedUntilMs = 0
  readonly #o: Options
  readonly #lease: Lease
  readonly #cache = new RevisionCache<boolean>(1000)
  /** A clock is up to 1.5 % too fast or too slow. */
  readonly #rate: number
  #wallOffsetMs = 0
  #suspendedMs = 0
  #lookNow = new Set<() => void>()
  #tickedAt: Instant

  constructor(options: Options) {
    this.#o = options
    const { removed, world } = options
    const length = removed === margins ? lengthMs / 0.98 : lengthMs
    this.#lease = removed === undefined ? new Lease(length) : new FaultyLease(length, removed)
    this.#rate = world.pick([0.985, 1, 1.015])
    this.#tickedAt = this.#now()
    this.#after(world.upTo(lengthMs / 3), () => this.#tick())
  }

  get id(): string {
    return this.#o.id
  }

  /** Stops all code of the process for a time. If the machine is suspended, the monotonic clock also stops. */
  pause(durationMs: number, isSuspended: boolean): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.#o.world.nowMs + durationMs)
    if (isSuspended) this.#suspendedMs += durationMs
  }

  setWallClock(stepMs: number): void {
    this.#wallOffsetMs += stepMs
  }

  /** A notification of a revision. */
  hear(revision: number): void {
    this.#after(0, () => this.#run(this.#lease.heard(revision, this.#now())))
  }

  /** A notification of an acknowledgement. */
  look(): void {
    this.#after(0, () => {
      for (const look of this.#lookNow) look()
    })
  }

  /** Begins a request that needs a right. */
  request(right: number): void {
    const { world, database, removed, observer } = this.#o
    const begunAtMs = world.nowMs
    const decide = (revision: number) => {
      const key = removed === 'a cache is valid for one revision' ? 1 : revision
      const cached = this.#cache.get(key, String(right))
      if (cached !== undefined) return observer.decided(right, begunAtMs, cached)
      this.#send(
        () => database.granted[right] === true,
        (isAllowed) => {
          if (isAllowed === undefined) return
          this.#cache.set(key, String(right), isAllowed, Infinity)
          observer.decided(right, begunAtMs, isAllowed)
        },
      )
    }
    if (removed === 'a request reads the revision before the rights') return this.#requestBackwards(right, begunAtMs)
    this.#after(world.upTo(1), () => this.#withRevision(decide))
  }

  /**
   * Begins a write that needs a right. The lease and the cache admit the write. The message that commits the write arrives after `delayMs`.
   * Before then, the process may be stopped or lose its connection.
   */
  write(right: number, delayMs: number): void {
    const { world, database, observer } = this.#o
    const revision = this.#lease.revisionAt(this.#now())
    if (world.nowMs < this.pausedUntilMs || revision === undefined) return
    if (this.#cache.get(revision, String(right)) !== true) return
    const { failovers } = database
    world.after(delayMs, () => {
      if (database.failovers !== failovers || world.nowMs < database.downUntilMs) return
      if (database.commitsAt(revision)) observer.committed(right)
    })
  }

  /** Revokes a right, and answers after the wait for acknowledgements. */
  revoke(right: number): void {
    const { database, observer, removed } = this.#o
    const sentAtMs = this.#waitClock()
    this.#send(
      () => database.revoke(right),
      (revoked) => {
        if (revoked === undefined) return observer.unanswered(right)
        const isAnsweredAtOnce =
          removed === 'a revocation waits for the acknowledgements' ||
          (removed === 'a repeated revocation waits too' && !revoked.isChanged)
        if (isAnsweredAtOnce) return observer.answered(right, revoked.losses)
        if (revoked.isChanged && removed !== 'replicas are notified') observer.raised(database.authority())
        this.#wait(right, revoked, sentAtMs)
      },
    )
  }

  /** Stops the process in an orderly way: the process answers no request while it deletes its row. */
  stop(): void {
    const { database, removed, world, id } = this.#o
    const removeRow = () =>
      this.#send(
        () => database.removeLease(id),
        () => undefined,
      )
    if (removed === 'a process that stops ends its lease before it deletes the row') {
      removeRow()
      this.#after(world.upTo(300), () => this.#end())
      return
    }
    this.#lease.stop()
    removeRow()
    this.#after(300, () => this.#end())
  }

  #end(): void {
    this.isAlive = false
  }

  #tick(): void {
    this.#tickedAt = this.#now()
    this.#run(this.#lease.renew(this.#tickedAt))
    this.#after(lengthMs / 3, () => this.#tick())
  }

  #run(command: LeaseCommand | undefined): void {
    const { database, observer, removed, id } = this.#o
    switch (command?.kind) {
      case undefined:
        return
      case 'acknowledge':
        if (removed === 'an acknowledgement is committed before the revision is read') {
          return this.#acknowledgeAndRead(command.revision)
        }
        return this.#sendOfLease(
          () => database.acknowledge(id, command.revision),
          () => this.#run(this.#lease.acknowledged()),
        )
      case 'read':
        return this.#sendOfLease(
          () => database.authority(),
          (revision) => this.#run(this.#lease.revisionRead(revision, this.#now())),
        )
      case 'announce':
        return observer.announced()
    }
  }

  /** A statement that reads in a snapshot from a time before the commit of the statement. */
  #acknowledgeAndRead(revision: number): void {
    const { database, world, id } = this.#o
    let read = 0
    const commitMs = world.upTo(lengthMs / 5)
    this.#sendOfLease(
      () => {
        read = database.authority()
        world.after(commitMs, () => database.acknowledge(id, revision))
      },
      () => this.#after(commitMs, () => this.#run(this.#lease.revisionRead(read, this.#now()))),
    )
  }

  #sendOfLease<Result>(execute: () => Result, done: (result: Result) => void): void {
    this.#send(
      () => ({ result: execute() }),
      (reply) => (reply === undefined ? this.#lease.renewalFailed() : done(reply.result)),
    )
  }

  #withRevision(decide: (revision: number) => void): void {
    const { database, removed } = this.#o
    const now = removed === 'a request reads the clock after it began' ? this.#tickedAt : this.#now()
    const leased = this.#lease.revisionAt(now)
    if (leased !== undefined) return decide(leased)
    this.#send(
      () => database.authority(),
      (revision) => {
        if (revision === undefined) return
        this.hear(revision)
        decide(revision)
      },
    )
  }

  #requestBackwards(right: number, begunAtMs: number): void {
    const { database, observer } = this.#o
    const cacheAndDecide = (read: boolean) =>
      this.#withRevision((revision) => {
        const isAllowed = this.#cache.get(revision, String(right)) ?? read
        this.#cache.set(revision, String(right), isAllowed, Infinity)
        observer.decided(right, begunAtMs, isAllowed)
      })
    this.#send(
      () => database.granted[right] === true,
      (isAllowed) => isAllowed !== undefined && cacheAndDecide(isAllowed),
    )
  }

  #wait(right: number, { losses }: Revoked, sentAtMs: number): void {
    const { database, observer, removed, id } = this.#o
    const length = removed === margins ? lengthMs / 1.02 : removed === 'all replicas use one length' ? 500 : lengthMs
    const wait = new RevocationWait(length, this.#waitClock())
    let isDone = false
    let looks = 0
    const answer = () => {
      isDone = true
      this.#lookNow.delete(look)
      observer.answered(right, losses)
    }
    const step = (standing: Standing | undefined) => {
      if (isDone) return
      if (standing !== undefined && removed !== 'a replica that revokes ends its own lease first') {
        this.#run(this.#lease.heard(standing.revision, this.#now()))
      }
      looks += 1
      const isFromSending = removed === 'a wait begins with the reply to the commit' && looks === 1
      const command = wait.next(standing, isFromSending ? sentAtMs : this.#waitClock())
      switch (command.kind) {
        case 'answer':
          return answer()
        case 'expire': {
          if (removed === 'leases that are behind are deleted') return answer()
          const { revision } = command
          return this.#send(() => database.expire(revision), answer)
        }
        case 'look': {
          const revision = wait.revision
          if (removed === 'leases are deleted only after the wait' && revision !== undefined) {
            this.#send(
              () => database.removeBehind(revision),
              () => undefined,
            )
          }
          return this.#after(command.afterMs, look)
        }
      }
    }
    const look = () => {
      if (!isDone) this.#send(() => database.standing(id, wait.revision), step)
    }
    this.#lookNow.add(look)
    look()
  }

  /**
   * Sends a statement. The statement may run after the sender stopped waiting. `done` is called once, without a result if the outcome is
   * unknown.
   */
  #send<Result>(execute: () => Result, done: (result: Result | undefined) => void): void {
    const { world, database, network } = this.#o
    const { failovers } = database
    let isDone = false
    const end = (result: Result | undefined) => {
      if (isDone) return
      isDone = true
      done(result)
    }
    this.#after(world.upTo(lengthMs / 2) + 100, () => end(undefined))
    if (this.isPartitioned || world.chance(network.loss)) return
    world.after(this.#travelMs(), () => {
      if (database.failovers !== failovers || world.nowMs < database.downUntilMs) return
      const result = execute()
      if (this.isPartitioned || world.chance(network.loss)) return
      this.#after(this.#travelMs(), () => end(result))
    })
  }

  #travelMs(): number {
    const { world, network } = this.#o
    return world.chance(network.delay) ? world.upTo(2 * lengthMs) : world.upTo(3)
  }

  /** Runs a function in this process if the process is not paused. */
  #after(delayMs: number, run: () => void): void {
    const { world } = this.#o
    world.after(delayMs, () => {
      if (!this.isAlive) return
      if (world.nowMs < this.pausedUntilMs) this.#after(this.pausedUntilMs - world.nowMs + world.upTo(1), run)
      else run()
    })
  }

  #now(): Instant {
    const { removed, world } = this.#o
    const monotonicMs = this.#rate * (world.nowMs - this.#suspendedMs)
    const wallMs = world.nowMs + this.#wallOffsetMs
    if (removed === 'a lease uses the monotonic clock') return { monotonicMs: wallMs, wallMs }
    if (removed === 'a lease uses the wall clock') return { monotonicMs, wallMs: monotonicMs }
    return { monotonicMs, wallMs }
  }

  #waitClock(): number {
    const { removed, world } = this.#o
    if (removed === 'a wait uses the monotonic clock') return world.nowMs + this.#wallOffsetMs
    return this.#rate * (world.nowMs - this.#suspendedMs)
  }
}

const margins: SimulationRule = 'a replica uses less than the length, and a revocation waits for more'
