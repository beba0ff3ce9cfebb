import type { SharedCallers } from './shared-callers.ts'

/** The processor time that a caller may use in a burst before the caller's share applies. */
const burstMs = 100
/** The maximum debt of a caller. */
const maxDebtMs = 2500

/** The processor that callers share. */
export type SharedProcessor = {
  readonly threads: SharedCallers | undefined
  /** The processor time in milliseconds that a caller earns in this time. */
  earnedMs(milliseconds: number): number
  /** Records that a party is active, and returns whether another party was active recently. */
  isContended(party: string, place: number, nowMs: number): boolean
}

/**
 * The processor time in milliseconds that a caller may use. The caller earns time according to its share, and its work
 * in all threads spends the time.
 */
export class ProcessorCredit {
  readonly #processor: SharedProcessor
  readonly #party: string
  readonly #usedPlace: number
  readonly #partyPlace: number
  /** The processor time that was used in other threads, as of the last read. */
  #elsewhere: number
  #creditMs = burstMs
  #atMs: number

  constructor(processor: SharedProcessor, key: string, party: string, nowMs: number) {
    const { threads } = processor
    this.#processor = processor
    this.#party = party
    this.#atMs = nowMs
    this.#usedPlace = threads?.used.placeOf(key) ?? 0
    this.#partyPlace = threads?.used.placeOf(party) ?? 0
    this.#elsewhere = threads?.used.others(this.#usedPlace) ?? 0
  }

  /** The used time minus the earned time, at least 0. */
  get owedMs(): number {
    return Math.max(0, -this.#creditMs)
  }

  /** Spends an estimated time, which a later call replaces with the exact time. */
  advance(milliseconds: number): void {
    this.#creditMs -= milliseconds
    this.#processor.threads?.used.add(this.#usedPlace, Math.round(milliseconds * 1000))
  }

  /** Spends processor time that was used. */
  charge(milliseconds: number): void {
    this.advance(milliseconds)
    this.#creditMs = Math.max(-maxDebtMs, Math.min(burstMs, this.#creditMs))
  }

  /** Whether there is credit, or no other caller shares the processor. */
  isCovered(nowMs: number): boolean {
    this.#refill(nowMs)
    const isContended = this.#processor.isContended(this.#party, this.#partyPlace, nowMs)
    if (this.#creditMs > 0) return true
    // No other caller had to wait, so there is no debt.
    if (!isContended) this.#creditMs = 0
    return !isContended
  }

  /** The number of milliseconds after which to check the credit again. */
  untilCoveredMs(): number {
    return Math.max(1, Math.min(1000, this.owedMs / this.#processor.earnedMs(1)))
  }

  #refill(nowMs: number): void {
    const elsewhere = this.#processor.threads?.used.others(this.#usedPlace) ?? 0
    // The two counters can overflow, but their difference is still correct.
    const usedMs = ((elsewhere - this.#elsewhere) | 0) / 1000
    this.#elsewhere = elsewhere
    const creditMs = this.#creditMs + this.#processor.earnedMs(nowMs - this.#atMs) - usedMs
    this.#creditMs = Math.max(-maxDebtMs, Math.min(burstMs, creditMs))
    this.#atMs = nowMs
  }
}
