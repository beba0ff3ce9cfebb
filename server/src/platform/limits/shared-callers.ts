import { type CountsMemory, SharedCounts, createCountsMemory } from '../memory/shared-counts.ts'

/** The memory in which threads share the usage of their callers. */
export type SharedCallersMemory = {
  readonly running: CountsMemory
  readonly used: CountsMemory
  /**
   * The last active party, the number of times that the active party changed, and the number of threads that accept
   * connections.
   */
  readonly activity: SharedArrayBuffer
}

/** Creates memory for a number of threads. */
export function createSharedCallersMemory(threads: number): SharedCallersMemory {
  return {
    running: createCountsMemory(threads),
    used: createCountsMemory(threads),
    activity: new SharedArrayBuffer(12),
  }
}

/** The usage of callers in all threads, so that a budget applies to all threads together. */
export class SharedCallers {
  readonly #activity: Int32Array
  /** The running requests of each caller. */
  readonly running: SharedCounts
  /**
   * The processor time that each caller has used since the start, in microseconds. The number overflows to negative
   * numbers.
   */
  readonly used: SharedCounts

  /** @param thread the number of this thread, from 0 */
  constructor({ running, used, activity }: SharedCallersMemory, thread: number) {
    this.running = new SharedCounts(running, thread)
    this.used = new SharedCounts(used, thread)
    this.#activity = new Int32Array(activity)
  }

  /** The number of threads that accept connections: at least 1. */
  get accepting(): number {
    return Math.max(1, Atomics.load(this.#activity, 2))
  }

  set accepting(threads: number) {
    Atomics.store(this.#activity, 2, threads)
  }

  /**
   * Records the activity of a party, by its index. Returns a number that changes when the active party changes in any
   * thread.
   */
  alternations(place: number): number {
    const before = Atomics.exchange(this.#activity, 0, place)
    if (before !== 0 && before !== place) Atomics.add(this.#activity, 1, 1)
    return Atomics.load(this.#activity, 1)
  }
}
