/** Returns random numbers from 0 to 1. The same seed gives the same numbers. */
export type Random = () => number

/** A generator of random numbers. [mulberry32] */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Event = { readonly atMs: number; readonly run: () => void }

/** Simulated time: runs events in their order, without waiting. */
export class World {
  nowMs = 0
  readonly random: Random
  /** The latest event is first in the list, so that the code can remove the next event from the end. */
  #events: Event[] = []

  constructor(random: Random) {
    this.random = random
  }

  /** Runs a function after a time in milliseconds. */
  after(delayMs: number, run: () => void): void {
    const atMs = this.nowMs + delayMs
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#events[middle]?.atMs ?? 0) > atMs) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, { atMs, run })
  }

  /** Runs the events of a period in milliseconds. */
  run(untilMs: number): void {
    for (let event = this.#events.pop(); event !== undefined && event.atMs <= untilMs; event = this.#events.pop()) {
      this.nowMs = event.atMs
      event.run()
    }
  }

  /** A random number of milliseconds below a maximum. */
  upTo(maxMs: number): number {
    return this.random() * maxMs
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** A random element of a list that is not empty. */
  pick<Element>(list: readonly Element[]): Element {
    return list[Math.floor(this.random() * list.length)] as Element
  }
}
