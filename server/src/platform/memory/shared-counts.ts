import { randomInt } from 'node:crypto'
import { placeOf } from './place-of.ts'

/** The size of the table of each thread: a power of two. Names with the same index are counted together. */
const places = 16_384

/** The index of the sum of all names. */
const totalPlace = 0

/** The memory of counts by name, which threads share, and the number of threads. */
export type CountsMemory = { readonly memory: SharedArrayBuffer; readonly threads: number; readonly seed: number }

/** Creates memory for a number of threads. */
export function createCountsMemory(threads: number): CountsMemory {
  return { memory: new SharedArrayBuffer(4 * places * threads), threads, seed: randomInt(2 ** 31) }
}

/**
 * The counts of one thread by name, and the sums of the counts of the other threads. Each thread changes only its own
 * counts.
 */
export class SharedCounts {
  readonly #counts: Int32Array
  readonly #threads: number
  readonly #seed: number
  readonly #offset: number

  /** @param thread the number of this thread, from 0 */
  constructor({ memory, threads, seed }: CountsMemory, thread: number) {
    this.#counts = new Int32Array(memory)
    this.#threads = threads
    this.#seed = seed
    this.#offset = thread * places
  }

  /** The index of a name, which the other methods need. */
  placeOf(name: string): number {
    return Math.max(totalPlace + 1, placeOf(name, places, this.#seed))
  }

  add(place: number, count: number): void {
    Atomics.add(this.#counts, this.#offset + place, count)
    Atomics.add(this.#counts, this.#offset + totalPlace, count)
  }

  /** The sum of the other threads' counts at an index. By default, the sum of all their counts. */
  others(place: number = totalPlace): number {
    let sum = 0
    for (let thread = 0; thread < this.#threads; thread += 1) {
      const at = thread * places
      if (at !== this.#offset) sum += Atomics.load(this.#counts, at + place)
    }
    return sum
  }

  /** Deletes the counts of this thread. Call this method after the thread has ended. */
  clear(): void {
    this.#counts.fill(0, this.#offset, this.#offset + places)
  }
}
