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
/** How long the callers share the processor after a request of another caller. */
const contendedMs = 500

/** The maximum time that a piece of a stream waits, so that no client or revocation waits longer for a stream. */
const maxPieceWaitMs = 1000

type WaitingBody = { readonly bytes: number; readonly start: () => void }

type WaitingPiece = { readonly costMs: number; readonly untilMs: number; readonly start: () => void }

/** The budgets of all callers. A caller is a principal, or the network of an unauthenticated client. */
export class CallerBudgets {
  readonly limits: CallerLimits
  readonly now: () => number
  readonly #callers = new LRUCache<string, CallerBudget>({
    ...maxEntries(maxIdleCallers),
    dispose: (budget, key, reason) => {
      if (reason === 'evict' && budget.isInUse) this.#evictedInUse.set(key, budget)
    },
  })
  /** The evicted budgets that are still in use. A caller must not have two budgets in use. */
  readonly #evictedInUse = new Map<string, CallerBudget>()
  #lastParty: string | undefined
  #alternations = 0
  #contendedUntilMs = -Infinity
  /** The usage of all callers together. All budgets share this object, for the limits over all callers. */
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

  /** Call this method when a budget is possibly no longer in use. */
  afterUse(budget: CallerBudget): void {
    if (this.#evictedInUse.size > 0 && !budget.isInUse) this.#evictedInUse.delete(budget.key)
  }

  /**
   * The budget of a caller of a registry. The caller `admin` has a separate budget in each registry. The caller
   * `anonymous` has a separate budget per address.
   */
  ofCaller(key: string, rid: string, remoteAddress: string): CallerBudget {
    if (key === 'anonymous') return this.ofAddress(remoteAddress)
    return this.of(key === 'admin' ? `admin ${rid}` : key)
  }

  /** The budget of unauthenticated callers at an address. */
  ofAddress(address: string): CallerBudget {
    return this.of(addressKey(address))
  }

  /** The budget for the TLS handshakes of an address. These handshakes do not compete with the address's requests. */
  ofHandshakes(address: string): CallerBudget {
    return this.of(`handshakes ${networkOf(address)}`, addressKey(address))
  }

  /** The processor time in milliseconds that a caller earns in this time. */
  earnedMs(milliseconds: number): number {
    return (milliseconds * this.limits.processorPercent * (this.threads?.accepting ?? 1)) / 100
  }

  /** Records the activity of a party in any thread. Returns whether another party was active recently. */
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

/** Work that a caller can run only once at a time, because the work needs memory or database connections. */
type WorkKind = 'batch' | 'body' | 'denials'

/**
 * The budget of one caller: concurrent requests, processor time, and bytes in memory. If the caller exceeds the budget,
 * its requests wait in a separate queue with a maximum length, so that other callers do not wait for these requests. If
 * only one caller is active, this caller can use the whole server.
 */
export class CallerBudget {
  readonly #all: CallerBudgets
  readonly key: string
  /** The index of this caller in the counts that threads share. */
  readonly #place: number
  readonly #credit: ProcessorCredit
  #running = 0
  /** The recent average cost of a request. */
  #expectedMs = 0
  /** The total advance charge of the running requests. */
  #advanceMs = 0
  #bufferedBytes = 0
  readonly #requests: (() => void)[] = []
  /**
   * This queue is separate, because a request that waits for memory is already running. Such a request must not wait
   * behind queued requests.
   */
  readonly #bodies: WaitingBody[] = []
  /** This queue is also separate. A request that waits for the end of a stream must not stop this stream. */
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

  /** Whether requests are running or waiting, or memory is reserved. */
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

  /** Starts a request and returns true if the request does not need to wait. Otherwise returns false. */
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

  /** Ends a request, and charges its processor time. {@link charge} charges other time separately. */
  leave(usedMs: number): void {
    this.#expectedMs += (usedMs - this.#expectedMs) / 8
    this.#end(usedMs)
  }

  /**
   * Runs a whole request within the budget. A request that waits for I/O is charged `waitingMs`, because its processor
   * time is then unknown. A request that takes turns begins in a separate turn of the event loop, see {@link inTurn}.
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
   * Charges a piece of a stream before its work. The piece waits until the budget covers the cost or no other caller
   * sends requests, but at most one second. All streams of the caller continue in the order of their pieces.
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
   * run between two turns. The time is charged, unless the work waits for I/O.
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

  /** Runs a piece of work after the caller's earlier work of the same kind. A batch can contain work of other kinds. */
  oneAtATime<Result>(kind: WorkKind, work: () => Promise<Result>): Promise<Result> {
    const run = this.#oneAtATime.get(kind) ?? createSemaphore(1)
    this.#oneAtATime.set(kind, run)
    return run(work)
  }

  /**
   * Charges processor time, and waits until the budget covers this time. Use this method for work that had to run
   * before its caller was identified.
   *
   * @throws OverBudgetError if the queue is full
   */
  async settle(usedMs: number): Promise<void> {
    this.charge(usedMs)
    await this.enter()
    this.#end(0)
  }

  /**
   * Reserves memory for a body, immediately or when enough memory is free. The caller must then call {@link release}.
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

  /** Charges the time that a request used, instead of the request's equal share of the advance charge. */
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

  /** Estimates the time until the queue is empty, from the recent cost of requests. */
  #waitSeconds(): number {
    const owedMs = this.#credit.owedMs + this.#requests.length * this.#expectedMs
    return Math.max(1, Math.ceil(owedMs / this.#all.earnedMs(1000)))
  }

  #drain(): void {
    const nowMs = this.#all.now()
    while (this.#startNext(nowMs));
    // If this thread has reached the concurrency limit, the end of the next request checks the queue again.
    const mayRun = this.#running < this.#all.limits.maxConcurrentRequests
    if ((this.#requests.length > 0 && mayRun) || this.#pieces.length > 0) this.#lookAgain()
  }

  /**
   * Starts a waiting request or a waiting piece, alternately if both are waiting. Returns false if none of them may
   * start.
   */
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
