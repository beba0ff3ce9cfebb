type Entry<Value> = {
  readonly rid: string
  /** Empty after the entry is evicted, like the value. */
  header: string
  value: Value | undefined
  weightBytes: number
}
type OfRegistry<Value> = { readonly entries: Map<string, Entry<Value>>; weightBytes: number }

/** The estimated size of an entry of the map without its text. */
const entryBytes = 512

/**
 * A cache by registry and header, bounded by bytes, because a client can obtain any number of long tokens. When it is full,
 * it evicts the oldest entry of the registry with the most bytes, so that one registry does not slow down another.
 */
export class RegistryCache<Value> {
  readonly #maxBytes: number
  readonly #registries = new Map<string, OfRegistry<Value>>()
  /** The latest entry of each connection, which is usually the next one too. A map is slow for long texts with equal contents. */
  readonly #latest = new WeakMap<object, Entry<Value>>()
  #weightBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get weightBytes(): number {
    return this.#weightBytes
  }

  get(rid: string, header: string): Value | undefined {
    return this.#registries.get(rid)?.entries.get(header)?.value
  }

  /** The value for a header that was received on this connection. */
  getOn(connection: object, rid: string, header: string): Value | undefined {
    const latest = this.#latest.get(connection)
    if (latest?.value !== undefined && latest.header === header && latest.rid === rid) return latest.value
    const entry = this.#registries.get(rid)?.entries.get(header)
    if (entry !== undefined) this.#latest.set(connection, entry)
    return entry?.value
  }

  /** `weightBytes` is the estimated size of the value without the header. */
  set(rid: string, header: string, value: Value, weightBytes: number): void {
    this.delete(rid, header)
    let registry = this.#registries.get(rid)
    if (registry === undefined) {
      registry = { entries: new Map(), weightBytes: 0 }
      this.#registries.set(rid, registry)
    }
    registry.entries.set(header, { value, rid, header, weightBytes: 0 })
    this.addWeight(rid, header, entryBytes + header.length + weightBytes)
  }

  /** Adds to the estimated size of a cached value. */
  addWeight(rid: string, header: string, bytes: number): void {
    const registry = this.#registries.get(rid)
    const entry = registry?.entries.get(header)
    if (registry === undefined || entry === undefined) return
    entry.weightBytes += bytes
    registry.weightBytes += bytes
    this.#weightBytes += bytes
    while (this.#weightBytes > this.#maxBytes) this.#evictOldest()
  }

  delete(rid: string, header: string): void {
    const registry = this.#registries.get(rid)
    const entry = registry?.entries.get(header)
    if (registry === undefined || entry === undefined) return
    registry.entries.delete(header)
    entry.value = undefined
    entry.header = ''
    registry.weightBytes -= entry.weightBytes
    this.#weightBytes -= entry.weightBytes
    if (registry.entries.size === 0) this.#registries.delete(rid)
  }

  #evictOldest(): void {
    const [first] = this.#registries
    if (first === undefined) return
    let [heaviestRid, heaviest] = first
    for (const [rid, registry] of this.#registries) {
      if (registry.weightBytes > heaviest.weightBytes) [heaviestRid, heaviest] = [rid, registry]
    }
    for (const header of heaviest.entries.keys()) {
      this.delete(heaviestRid, header)
      return
    }
  }
}
