/** Returns numbers from 0 to 1, the same ones for the same seed. */
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

/** Simulated time: events in their order, without waiting. */
export class World {
  nowMs = 0
  readonly random: Random
  /** The latest event is first, so that the next one can be taken from the end. */
  #events: Event[] = []

  constructor(random: Random) {
    this.random = random
  }

  /** Runs something after a time in milliseconds. */
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

  /** Runs the events of a time in milliseconds. */
  run(untilMs: number): void {
    for (let event = this.#events.pop(); event !== undefined && event.atMs <= untilMs; event = this.#events.pop()) {
      this.nowMs = event.atMs
      event.run()
    }
  }

  /** A number of milliseconds below a maximum. */
  upTo(maxMs: number): number {
    return this.random() * maxMs
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** An element of a list that is not empty. */
  pick<Element>(list: readonly Element[]): Element {
    return list[Math.floor(this.random() * list.length)] as Element
  }
}
