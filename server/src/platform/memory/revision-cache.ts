/**
 * Remembers what was found about rights and credentials: as long as the authority revision stands, at most until the
 * time given with each entry, and a bounded weight of them, which is their number unless said otherwise. Only what lets somebody in is to be kept, since a revision
 * need not move when a right is added.
 */
export class RevisionCache<Value> {
  #revision = Number.NaN
  #entries = new Map<string, { readonly value: Value; readonly untilMs: number }>()
  #weight = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** What was kept at this very revision and has not run out. */
  get(revision: number, key: string, nowMs: number): Value | undefined {
    if (revision !== this.#revision) return undefined
    const entry = this.#entries.get(key)
    return entry === undefined || nowMs >= entry.untilMs ? undefined : entry.value
  }

  /** Keeps what was found by a look that began at `revision`. */
  set(revision: number, key: string, value: Value, untilMs: number, weight = 1): void {
    if (revision !== this.#revision) {
      // A look that began before the latest one known must not bring an older world back.
      if (revision < this.#revision) return
      this.#clear()
      this.#revision = revision
    }
    if (this.#weight + weight > this.#limit) this.#clear()
    this.#weight += weight
    this.#entries.set(key, { value, untilMs })
  }

  #clear(): void {
    this.#entries.clear()
    this.#weight = 0
  }
}

/** Goes on at once where the value is there already, so that a hot path does not wait for the next tick. */
export function andThen<Value, Result>(
  value: Value | Promise<Value>,
  proceed: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(proceed) : proceed(value)
}
