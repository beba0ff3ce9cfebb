/**
 * A bounded map of the most recently used entries: at least `minEntries`, at most twice as many, plus the entries in
 * use. It holds two generations. When the younger one is full, the older one is dropped, which is cheaper than keeping
 * all entries in order of use.
 */
export class RecentMap<Value> {
  readonly #minEntries: number
  readonly #isInUse: (value: Value) => boolean
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  /** The number of entries of the younger generation that were not in use when it began. */
  #added = 0

  /** @param isInUse whether an entry must not be dropped; the caller bounds the number of such entries */
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

  /** Sets the value of a key, and marks it as used. */
  set(key: string, value: Value): void {
    if (!this.#young.has(key)) {
      if (this.#added >= this.#minEntries) this.#beginGeneration()
      this.#added += 1
    }
    this.#young.set(key, value)
  }

  /** Returns the value of a key and marks it as used. Creates the value if there is none. */
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
