import { ImportError } from './model.ts'

/** How many imports may wait for each that may run. */
const maxWaitingForEach = 16

/** Whose import it is: the key of the caller, and the registry that the image is imported into. */
export type ImportOwner = { readonly caller: string; readonly rid: string }

type Share = {
  /** Running and waiting imports. */
  counted: number
  running: number
}

type Waiting = { readonly owner: ImportOwner; readonly start: () => void }

/**
 * Decides which imports run. An import may take hours. One caller, and one registry, therefore never gets all slots (if
 * there are several) or all places in the queue, and waiting callers take turns.
 */
export class ImportTurns {
  readonly #maxRunning: number
  readonly #maxRunningOfOne: number
  readonly #maxCounted: number
  readonly #maxCountedOfCaller: number
  readonly #maxCountedOfRegistry: number
  #counted = 0
  #running = 0
  /** The callers with imports; the one whose last import ended longest ago is first. */
  readonly #callers = new Map<string, Share & { readonly waiting: Set<Waiting> }>()
  readonly #registries = new Map<string, Share>()

  constructor(maxRunning: number) {
    this.#maxRunning = maxRunning
    this.#maxRunningOfOne = Math.max(1, maxRunning - 1)
    this.#maxCounted = maxRunning * (1 + maxWaitingForEach)
    this.#maxCountedOfCaller = Math.ceil(this.#maxCounted / 2)
    this.#maxCountedOfRegistry = Math.ceil((this.#maxCounted * 3) / 4)
  }

  /** Adds an import until {@link uncount}. @throws ImportError if there are too many */
  count({ caller: key, rid }: ImportOwner): void {
    const caller = this.#callers.get(key) ?? { counted: 0, running: 0, waiting: new Set() }
    const registry = this.#registries.get(rid) ?? { counted: 0, running: 0 }
    const isFull =
      this.#counted >= this.#maxCounted ||
      caller.counted >= this.#maxCountedOfCaller ||
      registry.counted >= this.#maxCountedOfRegistry
    if (isFull) throw new ImportError('busy', 'too many imports are running or waiting')
    this.#callers.set(key, caller)
    this.#registries.set(rid, registry)
    this.#counted += 1
    caller.counted += 1
    registry.counted += 1
  }

  uncount(owner: ImportOwner): void {
    const { caller, registry } = this.#sharesOf(owner)
    this.#counted -= 1
    caller.counted -= 1
    registry.counted -= 1
    if (caller.counted === 0) this.#callers.delete(owner.caller)
    if (registry.counted === 0) this.#registries.delete(owner.rid)
  }

  /** Runs a counted import when it is its turn. @throws the reason of the signal, if it is aborted before the turn */
  async run<Result>(owner: ImportOwner, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    await this.#turnOf(owner, signal)
    try {
      return await work()
    } finally {
      const { caller, registry } = this.#sharesOf(owner)
      this.#running -= 1
      caller.running -= 1
      registry.running -= 1
      // The caller is now the last one to get a turn.
      this.#callers.delete(owner.caller)
      this.#callers.set(owner.caller, caller)
      this.#startNext()
    }
  }

  async #turnOf(owner: ImportOwner, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { waiting } = this.#sharesOf(owner).caller
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const own: Waiting = { owner, start: resolve }
    const leave = (): void => {
      // A signal that comes after the turn has no effect here.
      if (waiting.delete(own)) reject(signal.reason as Error)
    }
    signal.addEventListener('abort', leave, { once: true })
    waiting.add(own)
    this.#startNext()
    await promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /** Starts all that may run: the end of one import can admit two, one of its caller and one into its registry. */
  #startNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { caller, registry } = this.#sharesOf(next.owner)
      caller.waiting.delete(next)
      this.#running += 1
      caller.running += 1
      registry.running += 1
      next.start()
    }
  }

  #next(): Waiting | undefined {
    if (this.#running >= this.#maxRunning) return undefined
    for (const { running, waiting } of this.#callers.values()) {
      if (running >= this.#maxRunningOfOne) continue
      for (const next of waiting) {
        if (this.#sharesOf(next.owner).registry.running < this.#maxRunningOfOne) return next
      }
    }
    return undefined
  }

  #sharesOf(owner: ImportOwner) {
    const caller = this.#callers.get(owner.caller)
    const registry = this.#registries.get(owner.rid)
    if (caller === undefined || registry === undefined) throw new Error('an import has no counter')
    return { caller, registry }
  }
}
