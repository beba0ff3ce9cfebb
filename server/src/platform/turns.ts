/** Says how many milliseconds the main thread was occupied since it was started; see {@link Turns.stopwatch}. */
export type Stopwatch = () => number

/**
 * Lets pieces of work that occupy the main thread begin one at a time, each in its own turn of the event loop, so that small
 * requests come between any two of them. Callers take turns: who has many pieces waits for itself alone.
 */
export class Turns {
  /** In the order of the turns. */
  readonly #queues = new Map<object, (() => void)[]>()
  #isScheduled = false
  #turn = 0
  #isCounting = false

  /** Waits for the caller's turn. What follows without waiting for anything else is within it. */
  next(caller: object): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#queues.get(caller)
      if (queue === undefined) this.#queues.set(caller, [resolve])
      else queue.push(resolve)
      this.#schedule()
    })
  }

  /**
   * Measures work of which it is not known whether it waits for something. Work that ends within the turn of the event loop
   * in which it began had the main thread for itself; of other work nothing is known, and it counts as 0.
   */
  stopwatch(): Stopwatch {
    this.#count()
    const turn = this.#turn
    const begunMs = performance.now()
    return () => (turn === this.#turn ? performance.now() - begunMs : 0)
  }

  /** Counts the turns of the event loop while somebody measures. */
  #count(): void {
    if (this.#isCounting) return
    this.#isCounting = true
    setImmediate(() => {
      this.#isCounting = false
      this.#turn += 1
    })
  }

  #schedule(): void {
    if (this.#isScheduled || this.#queues.size === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      // Work that was measured before this began is of another turn.
      this.#turn += 1
      this.#begin()
      this.#schedule()
    })
  }

  #begin(): void {
    for (const [caller, queue] of this.#queues) {
      this.#queues.delete(caller)
      const begin = queue.shift()
      if (queue.length > 0) this.#queues.set(caller, queue)
      begin?.()
      return
    }
  }
}
