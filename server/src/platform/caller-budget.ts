import { RecentMap } from './recent-map.ts'
import { networkOf } from './sender-budget.ts'
import { type Stopwatch, Turns } from './turns.ts'

/** What one caller may use. */
export type CallerLimits = {
  /** Requests that run at once; more wait. */
  readonly maxConcurrentRequests: number
  /** Of one core, in the long run, while others ask too. */
  readonly processorPercent: number
  /** Bytes of bodies that are held in memory at once, of one caller and of all together. */
  readonly maxBufferedBytes: number
  readonly maxBufferedBytesInTotal: number
}

/** What a caller is allowed where the configuration says nothing. */
export const usualCallerLimits: CallerLimits = {
  maxConcurrentRequests: 256,
  processorPercent: 25,
  maxBufferedBytes: 16 * 1024 * 1024,
  maxBufferedBytesInTotal: 128 * 1024 * 1024,
}

/** The caller has used up what it may, and as many of its requests wait as may wait. */
export class OverBudgetError extends Error {
  override readonly name = 'OverBudgetError'
  readonly statusCode = 429
  /** By then the requests that wait now will have had their turn. */
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('the caller is over its budget')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** About what a request takes of the main thread if it waits for something, in milliseconds. */
const usualCostMs = 0.3

/** Processor time that a caller may use at once before its share counts. */
const burstMs = 100
/** What a caller can owe at most. */
const maxDebtMs = 2500
const maxWaitingPerCaller = 256
const maxWaiting = 4096
/** How many callers are remembered at least. */
const minCallers = 10_000
/** For so long after somebody else asked, callers share the processor. */
const contendedMs = 2000

type WaitingBody = { readonly bytes: number; readonly start: () => void }

/** The budgets of all callers. A caller is a principal or, where nobody was proved, a network. */
export class CallerBudgets {
  readonly limits: CallerLimits
  readonly now: () => number
  /** A caller is not forgotten while it uses something: it would have a fresh budget beside that. */
  readonly #callers = new RecentMap<CallerBudget>(minCallers, (budget) => budget.isInUse)
  #asked: CallerBudget | undefined
  #contendedUntilMs = -Infinity
  /** Shared by the budgets, for the bounds that hold for all callers together. */
  readonly shared = { waiting: 0, bufferedBytes: 0, refused: 0 }
  readonly turns = new Turns()

  constructor(limits: CallerLimits = usualCallerLimits, now: () => number = () => performance.now()) {
    this.limits = limits
    this.now = now
  }

  /** How many requests wait for their turn, how many bytes of bodies are in memory, and how many were refused so far. */
  get counts(): { readonly waiting: number; readonly bufferedBytes: number; readonly refused: number } {
    return this.shared
  }

  /** The budget of a principal, by a key that is its own. */
  of(key: string): CallerBudget {
    return this.#callers.getOrMake(key, () => new CallerBudget(this))
  }

  /**
   * The budget of a caller of a registry: `admin` is another one at each registry, and `anonymous` is whoever is at the
   * address.
   */
  ofCaller(key: string, rid: string, remoteAddress: string): CallerBudget {
    if (key === 'anonymous') return this.ofAddress(remoteAddress)
    return this.of(key === 'admin' ? `admin ${rid}` : key)
  }

  /** The budget of whoever is at an address and was not proved. */
  ofAddress(address: string): CallerBudget {
    return this.of(`address ${networkOf(address)}`)
  }

  /** Notes who asks, and says whether somebody else asked lately, so that what each uses counts. */
  isContended(caller: CallerBudget, nowMs: number): boolean {
    if (this.#asked !== caller) {
      this.#contendedUntilMs = this.#asked === undefined ? this.#contendedUntilMs : nowMs + contendedMs
      this.#asked = caller
    }
    return nowMs < this.#contendedUntilMs
  }
}

/**
 * What one caller uses: requests that run, processor time, bytes in memory. Over its budget its requests wait in order, as
 * long as there are not too many of them; nobody else waits for them. A caller that is alone uses all there is.
 */
export class CallerBudget {
  readonly #all: CallerBudgets
  #running = 0
  #creditMs = burstMs
  #atMs: number
  /** What its requests took lately, each. */
  #expectedMs = 0
  /** What the requests that run were charged in advance, together. */
  #advanceMs = 0
  #bufferedBytes = 0
  readonly #requests: (() => void)[] = []
  /** Apart from the requests: whose body waits is among those that run, and could never end behind one that does not. */
  readonly #bodies: WaitingBody[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(all: CallerBudgets) {
    this.#all = all
    this.#atMs = all.now()
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#requests.length + this.#bodies.length
  }

  /** Whether requests run or wait, or memory is held. */
  get isInUse(): boolean {
    return this.#running > 0 || this.waiting > 0 || this.#bufferedBytes > 0
  }

  /**
   * Begins a request, at once or when it is its turn. Whoever got in calls {@link leave}.
   *
   * @throws OverBudgetError where too many wait already
   */
  enter(): Promise<void> | undefined {
    const nowMs = this.#all.now()
    if (this.#requests.length === 0 && this.#mayRun(nowMs)) {
      this.#begin()
      return undefined
    }
    return this.#wait((start) => this.#requests.push(start))
  }

  /** Waits until this caller's work may occupy the main thread. */
  nextTurn(): Promise<void> {
    return this.#all.turns.next(this)
  }

  /** Begins to measure what a request takes of the processor. */
  stopwatch(): Stopwatch {
    return this.#all.turns.stopwatch()
  }

  /** Ends a request that took so much processor time beside what was charged for it by {@link charge}. */
  leave(usedMs: number): void {
    this.#expectedMs += (usedMs - this.#expectedMs) / 8
    this.#end(usedMs)
  }

  /**
   * Does a whole request within the budget. One that waits for something costs what a usual one does.
   *
   * @throws OverBudgetError where too many wait already, and what `work` throws
   */
  async spend<Result>(work: () => Promise<Result>): Promise<Result> {
    const entering = this.enter()
    if (entering !== undefined) await entering
    const stopwatch = this.stopwatch()
    try {
      return await work()
    } finally {
      this.leave(stopwatch() || usualCostMs)
    }
  }

  /** Counts processor time that was used. */
  charge(milliseconds: number): void {
    this.#creditMs = Math.max(-maxDebtMs, Math.min(burstMs, this.#creditMs - milliseconds))
  }

  /**
   * Does a piece of work that may occupy the main thread for milliseconds: when it is this caller's turn among all who have
   * such work, with small requests between any two pieces. What it takes is counted, unless it waits for something else.
   */
  async inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    await this.nextTurn()
    const stopwatch = this.stopwatch()
    try {
      return await work()
    } finally {
      this.charge(stopwatch())
    }
  }

  /**
   * Charges processor time, and waits until it is paid for: for work that had to be done before it was known whose it is.
   *
   * @throws OverBudgetError where too many wait already
   */
  async settle(usedMs: number): Promise<void> {
    this.charge(usedMs)
    await this.enter()
    this.#end(0)
  }

  /**
   * Takes memory for a body, at once or when there is some; whoever got it calls {@link release}.
   *
   * @throws OverBudgetError where too many wait already
   */
  hold(bytes: number): Promise<void> | undefined {
    if (this.#hasRoom(bytes)) {
      this.#take(bytes)
      return undefined
    }
    return this.#wait((start) => this.#bodies.push({ bytes, start }))
  }

  /** Gives memory back. */
  release(bytes: number): void {
    this.#take(-bytes)
    for (let next = this.#bodies[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#bodies[0]) {
      this.#bodies.shift()
      this.#all.shared.waiting -= 1
      this.#take(next.bytes)
      next.start()
    }
  }

  #hasRoom(bytes: number): boolean {
    const { limits, shared } = this.#all
    // One body is taken always, whatever the limits are.
    if (this.#bufferedBytes === 0) return true
    if (this.#bufferedBytes + bytes > limits.maxBufferedBytes) return false
    return shared.bufferedBytes + bytes <= limits.maxBufferedBytesInTotal
  }

  #take(bytes: number): void {
    this.#bufferedBytes += bytes
    this.#all.shared.bufferedBytes += bytes
  }

  #mayRun(nowMs: number): boolean {
    if (this.#running >= this.#all.limits.maxConcurrentRequests) return false
    this.#refill(nowMs)
    const isContended = this.#all.isContended(this, nowMs)
    if (this.#creditMs > 0) return true
    // Nobody waited for what was used, so that nothing is owed.
    if (!isContended) this.#creditMs = 0
    return !isContended
  }

  #begin(): void {
    this.#running += 1
    this.#creditMs -= this.#expectedMs
    this.#advanceMs += this.#expectedMs
  }

  /** Replaces what was charged in advance, of which each request that runs has the same part, by what was used. */
  #end(usedMs: number): void {
    const advanceMs = this.#advanceMs / this.#running
    this.#running -= 1
    this.#advanceMs -= advanceMs
    this.charge(usedMs - advanceMs)
    if (this.#requests.length > 0) this.#drain()
  }

  #refill(nowMs: number): void {
    const earnedMs = ((nowMs - this.#atMs) * this.#all.limits.processorPercent) / 100
    this.#creditMs = Math.min(burstMs, this.#creditMs + earnedMs)
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

  /** How long it takes until all that wait had their turn, at what requests take lately. */
  #waitSeconds(): number {
    const owedMs = Math.max(0, -this.#creditMs) + this.#requests.length * this.#expectedMs
    return Math.max(1, Math.ceil(owedMs / (this.#all.limits.processorPercent * 10)))
  }

  #drain(): void {
    const nowMs = this.#all.now()
    while (this.#requests.length > 0 && this.#mayRun(nowMs)) {
      this.#begin()
      this.#all.shared.waiting -= 1
      this.#requests.shift()?.()
    }
    // Where no more may run at once, the next one to leave looks again.
    if (this.#requests.length > 0 && this.#running < this.#all.limits.maxConcurrentRequests) this.#lookAgain()
  }

  /** Looks again when there is credit. */
  #lookAgain(): void {
    if (this.#timer !== undefined) return
    const owedMs = Math.max(0, -this.#creditMs) / (this.#all.limits.processorPercent / 100)
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#drain()
      },
      Math.max(1, Math.min(1000, owedMs)),
    ).unref()
  }
}
