import { z } from 'zod'
import { type Clock, systemClock } from '../../platform/process/clock.ts'
import { type ClockMove, createClockMemory, setClock, sharedClock } from '../../platform/process/shared-clock.ts'
import { type ClockChange, requireInRange } from './clock-input.ts'

/** The clock in the form in which the control API returns it. */
export type ClockDocument = { readonly now: string; readonly frozen: boolean }

/** The state of the clock in a snapshot. Without `nowMs`, the clock has the machine's time. */
const savedClock = z.object({ nowMs: z.int().optional(), frozen: z.boolean() })

type SavedClock = z.infer<typeof savedClock>

/**
 * The clock of the emulator. It runs at the speed of the machine's clock, unless it is frozen. A change applies to all threads
 * when the function returns.
 */
export class SteeredClock {
  /** The clock for the server. Changes do not affect its machine's clock. */
  readonly clock: Clock
  readonly #start: SavedClock
  readonly #memory = createClockMemory()
  readonly #machine: Clock
  #aheadMs = 0
  #frozenAtMs: number | undefined

  /** The clock starts at `startMs`. Without `startMs`, it has the machine's time. */
  constructor(startMs?: number, machine: Clock = systemClock) {
    this.#machine = machine
    this.clock = sharedClock(this.#memory, machine)
    this.#start = { nowMs: startMs, frozen: false }
    this.restore(undefined)
  }

  document(): ClockDocument {
    return { now: new Date(this.clock.now()).toISOString(), frozen: this.#frozenAtMs !== undefined }
  }

  /** @throws ClockInputError if the clock cannot have the time */
  set({ nowMs, frozen = this.#frozenAtMs !== undefined }: ClockChange): ClockMove {
    const beforeMs = this.clock.now()
    this.#moveTo(requireInRange(nowMs ?? beforeMs), frozen)
    return nowMs !== undefined && nowMs < beforeMs ? 'back' : 'forward'
  }

  /** @throws ClockInputError if the clock cannot have the time */
  advance(ms: number): ClockMove {
    const nowMs = requireInRange(this.clock.now() + ms)
    if (this.#frozenAtMs !== undefined) this.#moveTo(nowMs, true)
    else this.#runAhead(this.#aheadMs + ms)
    return 'forward'
  }

  /** The state for a snapshot. */
  save(): SavedClock {
    const frozen = this.#frozenAtMs !== undefined
    return frozen || this.#aheadMs !== 0 ? { nowMs: this.clock.now(), frozen } : { frozen }
  }

  /** Restores the state that `save` returned, and the clock runs from this time. With undefined, the clock returns to its start. */
  restore(saved: unknown): void {
    const { nowMs, frozen } = savedClock.safeParse(saved).data ?? this.#start
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
