import { LRUCache } from 'lru-cache'
import { maxEntries } from '../memory/max-entries.ts'
import { type CallerLimits, OverBudgetError, usualCallerLimits, usualCost } from './caller-limits.ts'
import { ProcessorCredit } from './processor-credit.ts'
import { createSemaphore } from './semaphore.ts'
import { networkOf } from './sender-budget.ts'
import type { SharedCallers } from './shared-callers.ts'
import { type Stopwatch, Turns } from './turns.ts'

const maxWaitingPerCaller = 256
const maxWaiting = 4096
/** The maximum number of cached budgets that are not in use. */
const maxIdleCallers = 10_000
/** How long callers share the processor after a request of another caller. */
const contendedMs = 500

/** How long a piece of a stream waits at most, so that no client and no revocation waits longer for a stream. */
const maxPieceWaitMs = 1000

type WaitingBody = { readonly bytes: number; readonly start: () => void }

type WaitingPiece = { readonly costMs: number; readonly untilMs: number; readonly start: () => void }

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
  readonly shared = { waiting: 0, bufferedBytes: 0, rejected: 0 }
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
  get counts(): { readonly waiting: number; readonly bufferedBytes: number; readonly rejected: number } {
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
  /** In the counts that threads share. */
  readonly #place: number
  readonly #credit: ProcessorCredit
  #running = 0
  /** The recent average cost of a request. */
  #expectedMs = 0
  /** The total that running requests were charged in advance. */
  #advanceMs = 0
  #bufferedBytes = 0
  readonly #requests: (() => void)[] = []
  /** A separate queue: a request that waits for memory is running already, and must not wait behind queued requests. */
  readonly #bodies: WaitingBody[] = []
  /** A separate queue, too: a request that waits for the end of a stream must not stop that stream. */
  readonly #pieces: WaitingPiece[] = []
  #isPieceNext = false
  #timer: NodeJS.Timeout | undefined
  readonly #oneAtATime = new Map<WorkKind, ReturnType<typeof createSemaphore>>()

  /** @param party budgets of the same party do not compete */
  constructor(all: CallerBudgets, key: string, party: string) {
    this.#all = all
    this.key = key
    this.#place = all.threads?.running.placeOf(key) ?? 0
    this.#credit = new ProcessorCredit(all, key, party, all.now())
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
    this.#credit.charge(milliseconds)
  }

  /**
   * Charges a piece of a stream before its work, when the budget covers it or no other caller sends requests. All streams of
   * the caller continue in the order of their pieces. A piece waits a second at most.
   */
  async pace(costMs: number): Promise<void> {
    const nowMs = this.#all.now()
    if (this.#pieces.length === 0 && this.#credit.isCovered(nowMs)) {
      this.charge(costMs)
      return
    }
    await new Promise<void>((start) => {
      this.#pieces.push({ costMs, untilMs: nowMs + maxPieceWaitMs, start })
      this.#lookAgain()
    })
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
    return this.#credit.isCovered(nowMs)
  }

  #begin(): void {
    this.#running += 1
    this.#all.threads?.running.add(this.#place, 1)
    this.#credit.advance(this.#expectedMs)
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

  #wait(queue: (start: () => void) => void): Promise<void> {
    const { shared } = this.#all
    if (this.waiting >= maxWaitingPerCaller || shared.waiting >= maxWaiting) {
      shared.rejected += 1
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
    const owedMs = this.#credit.owedMs + this.#requests.length * this.#expectedMs
    return Math.max(1, Math.ceil(owedMs / this.#all.earnedMs(1000)))
  }

  #drain(): void {
    const nowMs = this.#all.now()
    while (this.#startNext(nowMs));
    // At the concurrency limit of this thread, the next request that leaves checks the queue again.
    const mayRun = this.#running < this.#all.limits.maxConcurrentRequests
    if ((this.#requests.length > 0 && mayRun) || this.#pieces.length > 0) this.#lookAgain()
  }

  /** Starts a waiting request or piece, alternately if both wait. Returns false if none may start. */
  #startNext(nowMs: number): boolean {
    const mayRun = this.#requests.length > 0 && this.#mayRun(nowMs)
    const [piece] = this.#pieces
    const mayContinue = piece !== undefined && (nowMs >= piece.untilMs || this.#credit.isCovered(nowMs))
    if (mayContinue && (this.#isPieceNext || !mayRun)) {
      this.#pieces.shift()
      this.#isPieceNext = false
      this.charge(piece.costMs)
      piece.start()
      return true
    }
    if (!mayRun) return false
    this.#isPieceNext = true
    this.#begin()
    this.#all.shared.waiting -= 1
    this.#requests.shift()?.()
    return true
  }

  /** Checks the queue again when there is credit. */
  #lookAgain(): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#drain()
    }, this.#credit.untilCoveredMs()).unref()
  }
}
