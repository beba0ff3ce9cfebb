import { ImportError } from './model.ts'

/** How many imports may wait for each that may run. */
const maxWaitingForEach = 16

type OfCaller = {
  /** Running and waiting imports. */
  counted: number
  running: number
  readonly waiting: (() => void)[]
}

/**
 * Decides which imports run. An import may take hours. One caller therefore never gets all slots (if there are several)
 * or all places in the queue, and waiting callers take turns.
 */
export class ImportTurns {
  readonly #maxRunning: number
  readonly #maxRunningOfCaller: number
  readonly #maxCounted: number
  readonly #maxCountedOfCaller: number
  #counted = 0
  #running = 0
  /** The callers with imports; the one whose last import ended longest ago is first. */
  readonly #callers = new Map<string, OfCaller>()

  constructor(maxRunning: number) {
    this.#maxRunning = maxRunning
    this.#maxRunningOfCaller = Math.max(1, maxRunning - 1)
    this.#maxCounted = maxRunning * (1 + maxWaitingForEach)
    this.#maxCountedOfCaller = Math.ceil(this.#maxCounted / 2)
  }

  /** Adds an import of a caller until {@link uncount}. @throws ImportError if there are too many */
  count(key: string): void {
    const caller = this.#callers.get(key) ?? { counted: 0, running: 0, waiting: [] }
    if (this.#counted >= this.#maxCounted || caller.counted >= this.#maxCountedOfCaller) {
      throw new ImportError('busy', 'too many imports are running or waiting')
    }
    this.#callers.set(key, caller)
    this.#counted += 1
    caller.counted += 1
  }

  uncount(key: string): void {
    this.#counted -= 1
    const caller = this.#require(key)
    caller.counted -= 1
    if (caller.counted === 0) this.#callers.delete(key)
  }

  /** Runs a counted import of a caller when it is its turn. */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const caller = this.#require(key)
    await new Promise<void>((resolve) => {
      caller.waiting.push(resolve)
      this.#startNext()
    })
    try {
      return await work()
    } finally {
      this.#running -= 1
      caller.running -= 1
      this.#callers.delete(key)
      if (caller.counted > 0) this.#callers.set(key, caller)
      this.#startNext()
    }
  }

  #startNext(): void {
    if (this.#running >= this.#maxRunning) return
    for (const caller of this.#callers.values()) {
      if (caller.running >= this.#maxRunningOfCaller) continue
      const start = caller.waiting.shift()
      if (start === undefined) continue
      this.#running += 1
      caller.running += 1
      start()
      return
    }
  }

  #require(key: string): OfCaller {
    const caller = this.#callers.get(key)
    if (caller === undefined) throw new Error('an import was not counted')
    return caller
  }
}
