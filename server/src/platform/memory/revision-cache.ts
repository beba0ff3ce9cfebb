import { LRUCache } from 'lru-cache'

type Entry<Value> = { readonly value: Value; readonly untilMs: number }

/**
 * A cache that is valid for one authority revision, and is emptied at each new revision. Each entry has an expiry and a
 * weight, which is 1 by default. If the total weight exceeds the maximum, the least recently used entries are evicted.
 *
 * Never cache a failed authentication, because the revision may stay the same when a credential is created. See
 * docs/decisions/0011-caches.md.
 */
export class RevisionCache<Value> {
  #revision = Number.NaN
  readonly #entries: LRUCache<string, Entry<Value>>
  readonly #weightOf: (value: Value) => number

  constructor(maxWeight: number, weightOf: (value: Value) => number = () => 1) {
    this.#entries = new LRUCache({ maxSize: maxWeight })
    this.#weightOf = weightOf
  }

  /**
   * The value that was cached at exactly this revision, unless the value has expired. `nowMs` is not needed if no entry
   * of the cache expires.
   */
  get(revision: number, key: string, nowMs = 0): Value | undefined {
    if (revision !== this.#revision) return undefined
    const entry = this.#entries.get(key)
    return entry === undefined || nowMs >= entry.untilMs ? undefined : entry.value
  }

  /** Caches a value. `revision` must be read before the value. */
  set(revision: number, key: string, value: Value, untilMs: number): void {
    if (revision !== this.#revision) {
      // A value from an earlier revision must not empty the cache of a later revision.
      if (revision < this.#revision) return
      this.#entries.clear()
      this.#revision = revision
    }
    this.#entries.set(key, { value, untilMs }, { size: this.#weightOf(value) })
  }
}
