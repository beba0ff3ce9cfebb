type Entry<Value> = { readonly value: Value; weightBytes: number }
type OfRegistry<Value> = { readonly entries: Map<string, Entry<Value>>; weightBytes: number }

/** What the map itself holds of an entry, beside the text. */
const entryBytes = 512

/**
 * Remembers something by registry and header, within a weight. Anybody who is given tokens can have any number of them,
 * each as long as a header may be, so it is bytes that are counted. Where it is too much, the registry that weighs most
 * forgets its oldest: what is done at one registry slows down no other.
 */
export class SessionMemory<Value> {
  readonly #limitBytes: number
  readonly #registries = new Map<string, OfRegistry<Value>>()
  #weightBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get weightBytes(): number {
    return this.#weightBytes
  }

  find(rid: string, header: string): Value | undefined {
    return this.#registries.get(rid)?.entries.get(header)?.value
  }

  /** `weightBytes` is what the value weighs by estimate; the header is counted here. */
  keep(rid: string, header: string, value: Value, weightBytes: number): void {
    this.drop(rid, header)
    let registry = this.#registries.get(rid)
    if (registry === undefined) {
      registry = { entries: new Map(), weightBytes: 0 }
      this.#registries.set(rid, registry)
    }
    registry.entries.set(header, { value, weightBytes: 0 })
    this.grow(rid, header, entryBytes + header.length + weightBytes)
  }

  /** Tells that a value which is remembered weighs so much more now. */
  grow(rid: string, header: string, bytes: number): void {
    const registry = this.#registries.get(rid)
    const entry = registry?.entries.get(header)
    if (registry === undefined || entry === undefined) return
    entry.weightBytes += bytes
    registry.weightBytes += bytes
    this.#weightBytes += bytes
    while (this.#weightBytes > this.#limitBytes) this.#dropOldest()
  }

  drop(rid: string, header: string): void {
    const registry = this.#registries.get(rid)
    const entry = registry?.entries.get(header)
    if (registry === undefined || entry === undefined) return
    registry.entries.delete(header)
    registry.weightBytes -= entry.weightBytes
    this.#weightBytes -= entry.weightBytes
    if (registry.entries.size === 0) this.#registries.delete(rid)
  }

  #dropOldest(): void {
    const [first] = this.#registries
    if (first === undefined) return
    let [heaviestRid, heaviest] = first
    for (const [rid, registry] of this.#registries) {
      if (registry.weightBytes > heaviest.weightBytes) [heaviestRid, heaviest] = [rid, registry]
    }
    for (const header of heaviest.entries.keys()) {
      this.drop(heaviestRid, header)
      return
    }
  }
}
