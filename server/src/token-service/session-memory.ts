type Entry<Value> = {
  readonly rid: string
  /** Empty once it was forgotten, as is the value. */
  header: string
  value: Value | undefined
  weightBytes: number
}
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
  /** What a connection asked for last, which it mostly asks for next: a map is slow for a long text that is not its own. */
  readonly #latest = new WeakMap<object, Entry<Value>>()
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

  /** The same of a header that came by this connection. */
  findOn(connection: object, rid: string, header: string): Value | undefined {
    const latest = this.#latest.get(connection)
    if (latest?.value !== undefined && latest.header === header && latest.rid === rid) return latest.value
    const entry = this.#registries.get(rid)?.entries.get(header)
    if (entry !== undefined) this.#latest.set(connection, entry)
    return entry?.value
  }

  /** `weightBytes` is what the value weighs by estimate; the header is counted here. */
  keep(rid: string, header: string, value: Value, weightBytes: number): void {
    this.drop(rid, header)
    let registry = this.#registries.get(rid)
    if (registry === undefined) {
      registry = { entries: new Map(), weightBytes: 0 }
      this.#registries.set(rid, registry)
    }
    registry.entries.set(header, { value, rid, header, weightBytes: 0 })
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
    entry.value = undefined
    entry.header = ''
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
