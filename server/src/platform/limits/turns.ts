/** Returns the milliseconds of main-thread time since the start of the measurement; see {@link Turns.stopwatch}. */
export type Stopwatch = () => number

/**
 * Runs work that occupies the main thread. Each piece of work runs in a separate turn of the event loop, so that small
 * requests run between two pieces. Callers take turns, so a caller with many pieces delays only itself.
 */
export class Turns {
  /** The queues of the callers, in the order of the turns. */
  readonly #queues = new Map<object, (() => void)[]>()
  #isScheduled = false
  #turn = 0
  #isCounting = false

  /** Waits for the caller's turn, which lasts until the caller awaits another promise. */
  next(caller: object): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#queues.get(caller)
      if (queue === undefined) this.#queues.set(caller, [resolve])
      else queue.push(resolve)
      this.#schedule()
    })
  }

  /**
   * Measures work that may wait for I/O. If the work ends in the turn of the event loop in which it began, the work
   * used the main thread for the whole time. The time of other work is unknown and counts as 0.
   */
  stopwatch(): Stopwatch {
    this.#count()
    const turn = this.#turn
    const begunMs = performance.now()
    return () => (turn === this.#turn ? performance.now() - begunMs : 0)
  }

  /** Counts the turns of the event loop while a measurement is running. */
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
      // The turn is counted before the work begins, so that earlier measurements belong to another turn.
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
