/**
 * A map that keeps what was used last, in bounded memory: at least `minEntries`, and at most twice as many, with what is
 * in use on top. It holds two generations. When the younger one is full, the older one is dropped, which costs less than
 * keeping all entries in the order of their use.
 */
export class RecentMap<Value> {
  readonly #minEntries: number
  readonly #isInUse: (value: Value) => boolean
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  /** How many entries of the younger generation were not in use when it began. */
  #added = 0

  /** @param isInUse says which entries are never dropped; the caller bounds how many these are */
  constructor(minEntries: number, isInUse: (value: Value) => boolean = () => false) {
    this.#minEntries = minEntries
    this.#isInUse = isInUse
  }

  /** How many entries are held; a key of both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** Sets the value of a key, or marks it as used where it is the value already. */
  set(key: string, value: Value): void {
    if (!this.#young.has(key)) {
      if (this.#added >= this.#minEntries) this.#beginGeneration()
      this.#added += 1
    }
    this.#young.set(key, value)
  }

  /** The value of a key, which counts as used now; made where there is none. */
  getOrMake(key: string, make: () => Value): Value {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const value = this.#old.get(key) ?? make()
    this.set(key, value)
    return value
  }

  #beginGeneration(): void {
    const inUse = [...this.#old].filter(([key, value]) => !this.#young.has(key) && this.#isInUse(value))
    this.#old = this.#young
    this.#young = new Map(inUse)
    this.#added = 0
  }
}
