import type { SharedCallers } from './shared-callers.ts'

/** Processor time that a caller may use in a burst before its share applies. */
const burstMs = 100
/** The maximum debt of a caller. */
const maxDebtMs = 2500

/** The processor that callers share. */
export type SharedProcessor = {
  readonly threads: SharedCallers | undefined
  /** The processor time in milliseconds that a caller earns in this time. */
  earnedMs(milliseconds: number): number
  /** Records that a party is active, and returns whether another one was, recently. */
  isContended(party: string, place: number, nowMs: number): boolean
}

/** The processor time in milliseconds that a caller may use, earned at its share and spent by its work, in all threads. */
export class ProcessorCredit {
  readonly #processor: SharedProcessor
  readonly #party: string
  readonly #usedPlace: number
  readonly #partyPlace: number
  /** The processor time that was used in other threads, as of the last look. */
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

  /** How much more was used than earned. */
  get owedMs(): number {
    return Math.max(0, -this.#creditMs)
  }

  /** Spends time that is known only approximately, and is replaced later. */
  advance(milliseconds: number): void {
    this.#creditMs -= milliseconds
    this.#processor.threads?.used.add(this.#usedPlace, Math.round(milliseconds * 1000))
  }

  /** Spends processor time that was used. */
  charge(milliseconds: number): void {
    this.advance(milliseconds)
    this.#creditMs = Math.max(-maxDebtMs, Math.min(burstMs, this.#creditMs))
  }

  /** Whether there is credit, or no other caller to share the processor with. */
  isCovered(nowMs: number): boolean {
    this.#refill(nowMs)
    const isContended = this.#processor.isContended(this.#party, this.#partyPlace, nowMs)
    if (this.#creditMs > 0) return true
    // No other caller had to wait, so there is no debt.
    if (!isContended) this.#creditMs = 0
    return !isContended
  }

  /** In how many milliseconds it is worth to look again. */
  untilCoveredMs(): number {
    return Math.max(1, Math.min(1000, this.owedMs / this.#processor.earnedMs(1)))
  }

  #refill(nowMs: number): void {
    const elsewhere = this.#processor.threads?.used.others(this.#usedPlace) ?? 0
    // The numbers overflow, and their difference does not.
    const usedMs = ((elsewhere - this.#elsewhere) | 0) / 1000
    this.#elsewhere = elsewhere
    const creditMs = this.#creditMs + this.#processor.earnedMs(nowMs - this.#atMs) - usedMs
    this.#creditMs = Math.max(-maxDebtMs, Math.min(burstMs, creditMs))
    this.#atMs = nowMs
  }
}
