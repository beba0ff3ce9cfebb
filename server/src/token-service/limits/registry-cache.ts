import { LRUCache } from 'lru-cache'

/** The estimated size of an entry without its key and value. */
const entryBytes = 512

/**
 * A cache by registry and key, bounded by bytes, because a client can obtain any number of long tokens. When it is full, it
 * evicts the least recently used entry of the registry with the most bytes, so that one registry does not slow down another.
 */
export class RegistryCache<Value extends object | string | number> {
  readonly #maxBytes: number
  readonly #registries = new Map<string, LRUCache<string, Value>>()
  #weightBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get weightBytes(): number {
    return this.#weightBytes
  }

  get(rid: string, key: string): Value | undefined {
    return this.#registries.get(rid)?.get(key)
  }

  /** `weightBytes` is the estimated size of the value without the key. */
  set(rid: string, key: string, value: Value, weightBytes: number): void {
    this.#change(rid, (entries) => entries.set(key, value, { size: entryBytes + key.length + weightBytes }))
    while (this.#weightBytes > this.#maxBytes) this.#change(this.#heaviest(), (entries) => entries.pop())
  }

  delete(rid: string, key: string): void {
    this.#change(rid, (entries) => entries.delete(key))
  }

  /** Changes the entries of a registry, and the total weight with them. */
  #change(rid: string, change: (entries: LRUCache<string, Value>) => unknown): void {
    const entries = this.#registries.get(rid) ?? new LRUCache<string, Value>({ maxSize: this.#maxBytes })
    const before = entries.calculatedSize
    change(entries)
    this.#weightBytes += entries.calculatedSize - before
    if (entries.size === 0) this.#registries.delete(rid)
    else this.#registries.set(rid, entries)
  }

  #heaviest(): string {
    let [heaviest, maxBytes] = ['', -1]
    for (const [rid, { calculatedSize }] of this.#registries) {
      if (calculatedSize > maxBytes) [heaviest, maxBytes] = [rid, calculatedSize]
    }
    return heaviest
  }
}
