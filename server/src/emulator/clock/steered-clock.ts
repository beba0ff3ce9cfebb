import { type Clock, systemClock } from '../../platform/process/clock.ts'
import { type ClockMove, createClockMemory, setClock, sharedClock } from '../../platform/process/shared-clock.ts'
import { type ClockChange, requireInRange } from './clock-input.ts'

/** The clock, as the control API shows it. */
export type ClockDocument = { readonly now: string; readonly frozen: boolean }

/** What a snapshot has of the clock; `nowMs` is undefined if it shows the machine's time. */
export type SavedClock = { readonly nowMs: number | undefined; readonly frozen: boolean }

/**
 * The clock of the emulator. It runs at the speed of the machine's clock, unless it is frozen. A change applies to all threads
 * when the function returns.
 */
export class SteeredClock {
  /** The clock for the server. Its machine's clock is not steered. */
  readonly clock: Clock
  readonly #memory = createClockMemory()
  readonly #machine: Clock
  #aheadMs = 0
  #frozenAtMs: number | undefined

  /** It starts at `startMs`, or shows the machine's time. */
  constructor(startMs?: number, machine: Clock = systemClock) {
    this.#machine = machine
    this.clock = sharedClock(this.#memory, machine)
    this.restore({ nowMs: startMs, frozen: false })
  }

  document(): ClockDocument {
    return { now: new Date(this.clock.now()).toISOString(), frozen: this.#frozenAtMs !== undefined }
  }

  /** @throws ClockInputError if the clock cannot show the time */
  set({ nowMs, frozen = this.#frozenAtMs !== undefined }: ClockChange): ClockMove {
    const beforeMs = this.clock.now()
    this.#moveTo(requireInRange(nowMs ?? beforeMs), frozen)
    return nowMs !== undefined && nowMs < beforeMs ? 'back' : 'forward'
  }

  /** @throws ClockInputError if the clock cannot show the time */
  advance(ms: number): ClockMove {
    const nowMs = requireInRange(this.clock.now() + ms)
    if (this.#frozenAtMs !== undefined) this.#moveTo(nowMs, true)
    else this.#runAhead(this.#aheadMs + ms)
    return 'forward'
  }

  /** The state for a snapshot. */
  save(): SavedClock {
    const frozen = this.#frozenAtMs !== undefined
    return { nowMs: frozen || this.#aheadMs !== 0 ? this.clock.now() : undefined, frozen }
  }

  /** Shows the saved time again, and runs on from there. */
  restore({ nowMs, frozen }: SavedClock): void {
    if (nowMs === undefined && !frozen) this.#runAhead(0)
    else this.#moveTo(nowMs ?? this.#machine.now(), frozen)
  }

  #moveTo(nowMs: number, frozen: boolean): void {
    if (!frozen) {
      this.#runAhead(nowMs - this.#machine.now())
      return
    }
    this.#frozenAtMs = nowMs
    setClock(this.#memory, { frozen: true, nowMs })
  }

  #runAhead(aheadMs: number): void {
    this.#frozenAtMs = undefined
    this.#aheadMs = aheadMs
    setClock(this.#memory, { frozen: false, aheadMs })
  }
}
