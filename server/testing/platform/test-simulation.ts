import { SimulatedDatabase } from './test-simulated-database.ts'
import { lengthMs, type Network, type Observer, SimulatedReplica } from './test-simulated-replica.ts'
import { type Random, seededRandom, World } from './test-simulated-world.ts'
import type { SimulationRule } from './test-simulation-rules.ts'

/** The result of a schedule. */
export type Outcome = {
  /**
   * The number of violations. A request is a violation if a right allowed it although the revocation of the right was answered before the
   * request began. A write is a violation if it was committed after this answer.
   */
  readonly violations: number
  readonly answered: number
  readonly requests: number
  /** The requests that began after a revocation was answered. */
  readonly probes: number
  /** The committed writes. */
  readonly writes: number
}

const hourMs = 3_600_000
const scheduleMs = 8 * lengthMs

/**
 * Runs the schedule of a seed. The schedule contains replicas that revoke rights, and every kind of failure. The simulation does not apply
 * the rule `removed`.
 */
export function simulate(seed: number, removed?: SimulationRule): Outcome {
  return new Simulation(seed, removed).run()
}

class Simulation {
  #world: World
  #removed: SimulationRule | undefined
  #database: SimulatedDatabase
  #network: Network
  #replicas: SimulatedReplica[] = []
  #started = 0
  #answeredAtMs: (number | undefined)[]
  #answeredLosses: number[] = []
  #violations = 0
  #answered = 0
  #requests = 0
  #probes = 0
  #writes = 0
  /** Writes use a separate generator of random numbers. */
  readonly #random: Random

  constructor(seed: number, removed: SimulationRule | undefined) {
    const world = new World(seededRandom(seed))
    this.#random = seededRandom(seed + 2 ** 31)
    const rights = 1 + Math.floor(world.upTo(5))
    this.#world = world
    this.#removed = removed
    this.#network = { loss: world.pick([0, 0.02, 0.2]), delay: world.pick([0, 0.02, 0.15]) }
    this.#database = new SimulatedDatabase(world, rights, removed)
    this.#answeredAtMs = Array.from({ length: rights }, () => undefined)
  }

  run(): Outcome {
    const world = this.#world
    const replicas = 2 + Math.floor(world.upTo(3))
    for (let number = 0; number < replicas; number += 1) this.#start()
    for (const right of this.#rights()) {
      // The schedule revokes some rights at about the same time, and some rights repeatedly.
      const atMs = lengthMs * world.pick([1.5, 2, 2 + world.upTo(4), 2 + world.upTo(4)]) + world.upTo(5)
      for (let times = world.pick([1, 1, 2, 3]); times > 0; times -= 1) {
        world.after(atMs + world.pick([0, world.upTo(50), world.upTo(2 * lengthMs)]), () => this.#revoke(right))
      }
    }
    // A clock that is set back hides the suspension of a machine. A schedule therefore contains only one of the two events.
    const hasSuspensions = world.chance(0.5)
    this.#some(3, () => this.#pause(hasSuspensions))
    this.#some(2, () => this.#replica()?.setWallClock(hasSuspensions || world.chance(0.5) ? hourMs : -hourMs))
    this.#some(2, () => this.#partition())
    this.#some(1, () => this.#crash())
    this.#some(1, () => this.#stop())
    this.#some(1, () => this.#replace())
    this.#some(2, () => this.#revokeWithoutOne())
    this.#some(2, () => this.#revokeDuringStart())
    this.#some(1, () => this.#failOver())
    this.#some(1, () => this.#restartDatabase())
    world.run(scheduleMs + 3 * lengthMs)
    return {
      violations: this.#violations,
      answered: this.#answered,
      requests: this.#requests,
      probes: this.#probes,
      writes: this.#writes,
    }
  }

  #rights(): number[] {
    return [...this.#database.granted.keys()]
  }

  /** Runs a function at most `max` times, at random times. */
  #some(max: number, happen: () => void): void {
    const world = this.#world
    for (let times = Math.floor(world.upTo(max + 1)); times > 0; times -= 1) {
      world.after(lengthMs + world.upTo(scheduleMs - 2 * lengthMs), happen)
    }
  }

  #start(id = `replica ${(this.#started += 1)}`): void {
    const world = this.#world
    const replica = new SimulatedReplica({
      id,
      world,
      database: this.#database,
      network: this.#network,
      observer: this.#observer,
      removed: this.#removed,
    })
    this.#replicas.push(replica)
    const request = () => {
      if (!replica.isAlive || world.nowMs > scheduleMs) return
      this.#requests += 1
      replica.request(world.pick(this.#rights()))
      world.after(world.upTo(lengthMs / 5), request)
    }
    world.after(world.upTo(lengthMs / 5), request)
    const write = () => {
      if (!replica.isAlive || world.nowMs > scheduleMs) return
      const rights = this.#rights()
      const right = rights[Math.floor(this.#random() * rights.length)] ?? 0
      // Most commits arrive soon. Some commits arrive after a stop of their replica.
      replica.write(right, (this.#random() < 0.2 ? 3 * lengthMs : 20) * this.#random())
      world.after((this.#random() * lengthMs) / 5, write)
    }
    world.after((this.#random() * lengthMs) / 5, write)
  }

  #alive(): SimulatedReplica[] {
    this.#replicas = this.#replicas.filter(({ isAlive }) => isAlive)
    return this.#replicas
  }

  #replica(): SimulatedReplica | undefined {
    const alive = this.#alive()
    return alive.length === 0 ? undefined : this.#world.pick(alive)
  }

  #revoke(right: number): void {
    this.#replica()?.revoke(right)
  }

  #observer: Observer = {
    answered: (right, losses) => this.#answer(right, losses),
    unanswered: (right) => {
      if (this.#world.nowMs < scheduleMs) this.#world.after(this.#world.upTo(100), () => this.#revoke(right))
    },
    decided: (right, begunAtMs, isAllowed) => {
      const answeredAtMs = this.#answeredAtMs[right]
      if (answeredAtMs === undefined || begunAtMs <= answeredAtMs) return
      if (isAllowed && this.#answeredLosses[right] === this.#database.losses[right]) this.#violations += 1
    },
    committed: (right) => {
      this.#writes += 1
      const isAnswered = this.#answeredAtMs[right] !== undefined
      if (isAnswered && this.#answeredLosses[right] === this.#database.losses[right]) this.#violations += 1
    },
    announced: () => this.#notify((replica) => replica.look()),
    raised: (revision) => this.#notify((replica) => replica.hear(revision)),
  }

  /** Notifications may be lost, may be late, and may arrive in another order. */
  #notify(receive: (replica: SimulatedReplica) => void): void {
    const world = this.#world
    for (const replica of this.#alive()) {
      if (replica.isPartitioned || world.chance(0.2)) continue
      world.after(world.chance(0.1) ? world.upTo(2 * lengthMs) : world.upTo(5), () => receive(replica))
    }
  }

  #answer(right: number, losses: number): void {
    // The database has lost this revocation in the meantime.
    if (losses !== this.#database.losses[right]) return
    this.#answered += 1
    if (this.#answeredAtMs[right] === undefined || this.#answeredLosses[right] !== losses) {
      this.#answeredAtMs[right] = this.#world.nowMs
      this.#answeredLosses[right] = losses
    }
    for (const replica of this.#alive()) {
      for (const delayMs of [0.001, this.#world.upTo(30), this.#world.upTo(lengthMs)]) {
        this.#probes += 1
        this.#world.after(delayMs, () => replica.isAlive && replica.request(right))
      }
    }
  }

  #pause(hasSuspensions: boolean): void {
    const world = this.#world
    this.#replica()?.pause(
      world.pick([30, lengthMs / 2, 2.5 * lengthMs]) * world.random(),
      hasSuspensions && world.chance(0.5),
    )
  }

  #partition(): void {
    const replica = this.#replica()
    if (replica === undefined) return
    replica.isPartitioned = true
    this.#world.after(this.#world.upTo(2 * lengthMs), () => (replica.isPartitioned = false))
  }

  #crash(): void {
    const replica = this.#replica()
    if (replica === undefined) return
    replica.isAlive = false
    this.#world.after(this.#world.upTo(lengthMs), () => this.#start())
  }

  #stop(): void {
    this.#replica()?.stop()
    this.#start()
  }

  /** If a process does not respond, a supervisor starts a second process. */
  #replace(): void {
    const replica = this.#replica()
    if (replica === undefined) return
    replica.pause(this.#world.upTo(lengthMs / 2), false)
    this.#start(this.#removed === 'a process has an id of its own' ? replica.id : undefined)
  }

  /** A revocation while one replica cannot reach the database. The replica then decides only by its lease. */
  #revokeWithoutOne(): void {
    const world = this.#world
    this.#partition()
    world.after(world.upTo(20), () => this.#revoke(world.pick(this.#rights())))
  }

  /** A revocation while a new replica receives its first lease. */
  #revokeDuringStart(): void {
    const world = this.#world
    this.#start()
    world.after(world.upTo(lengthMs / 2), () => {
      const held = this.#rights().filter((right) => this.#database.granted[right])
      if (held.length > 0) this.#revoke(world.pick(held))
    })
  }

  /** A failover may also lose the lease of a replica that has just started. */
  #failOver(): void {
    const world = this.#world
    this.#start()
    world.after(world.upTo(lengthMs), () => {
      this.#database.failOver(world.pick([0, 10, 500, 1000]) * world.random())
      this.#database.downUntilMs = world.nowMs + world.pick([0, world.upTo(lengthMs / 3)])
      world.after(world.upTo(lengthMs / 2), () => this.#revoke(world.pick(this.#rights())))
    })
  }

  #restartDatabase(): void {
    this.#database.crash()
    this.#database.downUntilMs = this.#world.nowMs + this.#world.upTo(lengthMs / 3)
  }
}
