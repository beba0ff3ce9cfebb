import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../memory/max-entries.ts'
import { type CallerLimits, OverBudgetError, usualCallerLimits, usualCost } from './caller-limits.ts'
import { createSemaphore } from './semaphore.ts'
import { networkOf } from './sender-budget.ts'
import type { SharedCallers } from './shared-callers.ts'
import { type Stopwatch, Turns } from './turns.ts'

/** Processor time that a caller may use in a burst before its share applies. */
const burstMs = 100
/** The maximum debt of a caller. */
const maxDebtMs = 2500
const maxWaitingPerCaller = 256
const maxWaiting = 4096
/** The maximum number of cached budgets that are not in use. */
const maxIdleCallers = 10_000
/** How long callers share the processor after a request of another caller. */
const contendedMs = 500

type WaitingBody = { readonly bytes: number; readonly start: () => void }

/** The budgets of all callers. A caller is a principal or, if unauthenticated, a network. */
export class CallerBudgets {
  readonly limits: CallerLimits
  readonly now: () => number
  readonly #callers = new LRUCache<string, CallerBudget>({
    ...maxEntries(maxIdleCallers),
    dispose: (budget, key, reason) => {
      if (reason === 'evict' && budget.isInUse) this.#evictedInUse.set(key, budget)
    },
  })
  /** A caller with an evicted budget must not get a second one while the first is in use. */
  readonly #evictedInUse = new Map<string, CallerBudget>()
  #lastParty: string | undefined
  #alternations = 0
  #contendedUntilMs = -Infinity
  /** Shared by all budgets, for the limits over all callers. */
  readonly shared = { waiting: 0, bufferedBytes: 0, refused: 0 }
  readonly turns = new Turns()

  /** The data that threads share, so that a budget applies to all threads together. */
  readonly threads: SharedCallers | undefined

  constructor(
    limits: CallerLimits = usualCallerLimits,
    now: () => number = () => performance.now(),
    threads?: SharedCallers,
  ) {
    this.limits = limits
    this.now = now
    this.threads = threads
  }

  /** The number of waiting requests, the bytes of bodies in memory, and the number of denied requests since startup. */
  get counts(): { readonly waiting: number; readonly bufferedBytes: number; readonly refused: number } {
    return this.shared
  }

  /** The budget of a principal, by a unique key. Budgets of the same `party` do not compete. */
  of(key: string, party = key): CallerBudget {
    const cached = this.#callers.get(key)
    if (cached !== undefined) return cached
    const budget = this.#evictedInUse.get(key) ?? new CallerBudget(this, key, party)
    this.#evictedInUse.delete(key)
    this.#callers.set(key, budget)
    return budget
  }

  /** Called when a budget may no longer be in use. */
  afterUse(budget: CallerBudget): void {
    if (this.#evictedInUse.size > 0 && !budget.isInUse) this.#evictedInUse.delete(budget.key)
  }

  /**
   * The budget of a caller of a registry. `admin` has a separate budget in each registry, and `anonymous` has one per
   * address.
   */
  ofCaller(key: string, rid: string, remoteAddress: string): CallerBudget {
    if (key === 'anonymous') return this.ofAddress(remoteAddress)
    return this.of(key === 'admin' ? `admin ${rid}` : key)
  }

  /** The budget of unauthenticated callers at an address. */
  ofAddress(address: string): CallerBudget {
    return this.of(addressKey(address))
  }

  /** The budget for TLS handshakes of an address. Its handshakes and its requests are those of one caller. */
  ofHandshakes(address: string): CallerBudget {
    return this.of(`handshakes ${networkOf(address)}`, addressKey(address))
  }

  /** The processor time in milliseconds that a caller earns in this time. */
  earnedMs(milliseconds: number): number {
    return (milliseconds * this.limits.processorPercent * (this.threads?.accepting ?? 1)) / 100
  }

  /**
   * Records the party, also by its place among the threads, and returns whether another party was active recently,
   * so that shares apply.
   */
  isContended(party: string, place: number, nowMs: number): boolean {
    if (this.threads !== undefined) {
      const alternations = this.threads.alternations(place)
      if (alternations !== this.#alternations) this.#contendedUntilMs = nowMs + contendedMs
      this.#alternations = alternations
    } else if (this.#lastParty !== party) {
      if (this.#lastParty !== undefined) this.#contendedUntilMs = nowMs + contendedMs
      this.#lastParty = party
    }
    return nowMs < this.#contendedUntilMs
  }
}

function addressKey(address: string): string {
  return `address ${networkOf(address)}`
}

/** Work of which a caller has one piece at a time, because it takes memory or connections of the database. */
type WorkKind = 'batch' | 'body' | 'denials'

/**
 * The budget of one caller: concurrent requests, processor time, bytes in memory. Over the budget, its requests wait in
 * its own bounded queue, so other callers do not wait for them. A single active caller may use the whole server.
 */
export class CallerBudget {
  readonly #all: CallerBudgets
  readonly key: string
  /** Budgets of the same party do not compete. */
  readonly #party: string
  /** In the counts that threads share. */
  readonly #place: number
  readonly #usedPlace: number
  readonly #partyPlace: number
  /** The processor time that was used in other threads, as of the last look. */
  #elsewhere: number
  #running = 0
  #creditMs = burstMs
  #atMs: number
  /** The recent average cost of a request. */
  #expectedMs = 0
  /** The total that running requests were charged in advance. */
  #advanceMs = 0
  #bufferedBytes = 0
  readonly #requests: (() => void)[] = []
  /** A separate queue: a request that waits for memory is running already, and must not wait behind queued requests. */
  readonly #bodies: WaitingBody[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #oneAtATime = new Map<WorkKind, ReturnType<typeof createSemaphore>>()

  constructor(all: CallerBudgets, key: string, party: string) {
    this.#all = all
    this.key = key
    this.#party = party
    this.#atMs = all.now()
    this.#place = all.threads?.running.placeOf(key) ?? 0
    this.#usedPlace = all.threads?.used.placeOf(key) ?? 0
    this.#partyPlace = all.threads?.used.placeOf(party) ?? 0
    this.#elsewhere = all.threads?.used.others(this.#usedPlace) ?? 0
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#requests.length + this.#bodies.length
  }

  /** Whether requests are running or waiting, or memory is held. */
  get isInUse(): boolean {
    return this.#running > 0 || this.waiting > 0 || this.#bufferedBytes > 0
  }

  /**
   * Starts a request, immediately or when its turn comes. The caller must then call {@link leave}.
   *
   * @throws OverBudgetError if the queue is full
   */
  async enter(): Promise<void> {
    if (!this.tryEnter()) await this.#wait((start) => this.#requests.push(start))
  }

  /** Starts a request if it need not wait; otherwise returns false. */
  tryEnter(): boolean {
    if (this.#requests.length > 0 || !this.#mayRun(this.#all.now())) return false
    this.#begin()
    return true
  }

  /** Waits until work of this caller may occupy the main thread. */
  nextTurn(): Promise<void> {
    return this.#all.turns.next(this)
  }

  /** Starts measuring the processor time of a request. */
  stopwatch(): Stopwatch {
    return this.#all.turns.stopwatch()
  }

  /** Ends a request, and charges its processor time in addition to what {@link charge} charged. */
  leave(usedMs: number): void {
    this.#expectedMs += (usedMs - this.#expectedMs) / 8
    this.#end(usedMs)
  }

  /**
   * Runs a whole request within the budget. A request that waits for I/O is charged `waitingMs` instead of its time, which is
   * unknown then. A request that takes turns begins in a turn of its own, see {@link inTurn}.
   *
   * @throws OverBudgetError if the queue is full, and errors of `work`
   */
  async spend<Result>(work: () => Promise<Result>, { waitingMs, takesTurns } = usualCost): Promise<Result> {
    await this.enter()
    let stopwatch: Stopwatch | undefined
    try {
      if (takesTurns) await this.nextTurn()
      stopwatch = this.stopwatch()
      return await work()
    } finally {
      this.leave(stopwatch?.() || waitingMs)
    }
  }

  /** Charges processor time that was used. */
  charge(milliseconds: number): void {
    this.#use(milliseconds)
    this.#creditMs = Math.max(-maxDebtMs, Math.min(burstMs, this.#creditMs))
  }

  #use(milliseconds: number): void {
    this.#creditMs -= milliseconds
    this.#all.threads?.used.add(this.#usedPlace, Math.round(milliseconds * 1000))
  }

  /**
   * Charges processor time of a request that continues, such as that of a part of a stream, and waits until the budget covers
   * it, while other callers send requests.
   */
  async pace(usedMs: number): Promise<void> {
    this.charge(usedMs)
    while (!this.#isCovered(this.#all.now())) await sleep(this.#untilCoveredMs(), undefined, { ref: false })
  }

  /**
   * Runs work that may occupy the main thread for milliseconds. Callers with such work take turns, and small requests
   * run between any two turns. The time is charged unless the work waits for I/O.
   */
  async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.nextTurn()
    const stopwatch = this.stopwatch()
    try {
      return await work()
    } finally {
      this.charge(stopwatch())
    }
  }

  /** Runs a piece of work of this caller after its previous ones of this kind. A batch can contain work of other kinds. */
  oneAtATime<Result>(kind: WorkKind, work: () => Promise<Result>): Promise<Result> {
    const run = this.#oneAtATime.get(kind) ?? createSemaphore(1)
    this.#oneAtATime.set(kind, run)
    return run(work)
  }

  /**
   * Charges processor time, and waits until the budget covers it. For work that had to run before its caller was known.
   *
   * @throws OverBudgetError if the queue is full
   */
  async settle(usedMs: number): Promise<void> {
    this.charge(usedMs)
    await this.enter()
    this.#end(0)
  }

  /**
   * Reserves memory for a body, immediately or when some is free. The caller must then call {@link release}.
   *
   * @throws OverBudgetError if the queue is full
   */
  async hold(bytes: number): Promise<void> {
    if (this.#hasRoom(bytes)) this.#take(bytes)
    else await this.#wait((start) => this.#bodies.push({ bytes, start }))
  }

  /** Releases reserved memory. */
  release(bytes: number): void {
    this.#take(-bytes)
    for (let next = this.#bodies[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#bodies[0]) {
      this.#bodies.shift()
      this.#all.shared.waiting -= 1
      this.#take(next.bytes)
      next.start()
    }
    this.#all.afterUse(this)
  }

  #hasRoom(bytes: number): boolean {
    const { limits, shared } = this.#all
    // One body is always accepted, regardless of the limits.
    if (this.#bufferedBytes === 0) return true
    if (this.#bufferedBytes + bytes > limits.maxBufferedBytes) return false
    return shared.bufferedBytes + bytes <= limits.maxBufferedBytesInTotal
  }

  #take(bytes: number): void {
    this.#bufferedBytes += bytes
    this.#all.shared.bufferedBytes += bytes
  }

  #mayRun(nowMs: number): boolean {
    const elsewhere = this.#all.threads?.running.others(this.#place) ?? 0
    if (this.#running + elsewhere >= this.#all.limits.maxConcurrentRequests) return false
    return this.#isCovered(nowMs)
  }

  /** Whether there is credit, or no other caller to share the processor with. */
  #isCovered(nowMs: number): boolean {
    this.#refill(nowMs)
    const isContended = this.#all.isContended(this.#party, this.#partyPlace, nowMs)
    if (this.#creditMs > 0) return true
    // No other caller had to wait, so there is no debt.
    if (!isContended) this.#creditMs = 0
    return !isContended
  }

  #begin(): void {
    this.#running += 1
    this.#all.threads?.running.add(this.#place, 1)
    this.#use(this.#expectedMs)
    this.#advanceMs += this.#expectedMs
  }

  /** Replaces a request's equal share of the advance charge with the time that it used. */
  #end(usedMs: number): void {
    const advanceMs = this.#advanceMs / this.#running
    this.#running -= 1
    this.#all.threads?.running.add(this.#place, -1)
    this.#advanceMs -= advanceMs
    this.charge(usedMs - advanceMs)
    if (this.#requests.length > 0) this.#drain()
    this.#all.afterUse(this)
  }

  #refill(nowMs: number): void {
    const { threads } = this.#all
    const elsewhere = threads?.used.others(this.#usedPlace) ?? 0
    // The numbers overflow, and their difference does not.
    const usedMs = ((elsewhere - this.#elsewhere) | 0) / 1000
    this.#elsewhere = elsewhere
    const creditMs = this.#creditMs + this.#all.earnedMs(nowMs - this.#atMs) - usedMs
    this.#creditMs = Math.max(-maxDebtMs, Math.min(burstMs, creditMs))
    this.#atMs = nowMs
  }

  #wait(queue: (start: () => void) => void): Promise<void> {
    const { shared } = this.#all
    if (this.waiting >= maxWaitingPerCaller || shared.waiting >= maxWaiting) {
      shared.refused += 1
      throw new OverBudgetError(this.#waitSeconds())
    }
    shared.waiting += 1
    return new Promise((resolve) => {
      queue(resolve)
      this.#drain()
    })
  }

  /** Estimates how long the queue takes, from the recent cost of requests. */
  #waitSeconds(): number {
    const owedMs = Math.max(0, -this.#creditMs) + this.#requests.length * this.#expectedMs
    return Math.max(1, Math.ceil(owedMs / this.#all.earnedMs(1000)))
  }

  #drain(): void {
    const nowMs = this.#all.now()
    while (this.#requests.length > 0 && this.#mayRun(nowMs)) {
      this.#begin()
      this.#all.shared.waiting -= 1
      this.#requests.shift()?.()
    }
    // At the concurrency limit of this thread, the next request that leaves checks the queue again.
    if (this.#requests.length > 0 && this.#running < this.#all.limits.maxConcurrentRequests) this.#lookAgain()
  }

  /** Checks the queue again when there is credit. */
  #lookAgain(): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#drain()
    }, this.#untilCoveredMs()).unref()
  }

  #untilCoveredMs(): number {
    return Math.max(1, Math.min(1000, Math.max(0, -this.#creditMs) / this.#all.earnedMs(1)))
  }
}
