/** A request whose response has begun, or whose connection was closed. */
export type RecordedRequest = {
  /** The correlation id of the response, if it has one. */
  readonly id: string
  readonly method: string
  /** Without the query, which may contain secrets. */
  readonly path: string
  /** Null without a response. */
  readonly status: number | null
  /** Null if the request names no principal. */
  readonly principal: string | null
  /** The id of the fault that affected the request; null without one. */
  readonly fault: string | null
}

/** How many entries are kept. */
export const maxRecorded = 1000

/** The latest entries, in the order of their ends. */
export class LatestEntries<Entry extends { readonly id: string }> {
  #entries: Entry[] = []

  add(entry: Entry): void {
    this.#entries.push(entry)
    // In parts, because removing the first entry moves all others.
    if (this.#entries.length >= 2 * maxRecorded) this.#entries = this.#entries.slice(-maxRecorded)
  }

  /** The entries after the one with the id; all of them if it is unknown, or no longer kept. */
  after(id: string | undefined): readonly Entry[] {
    const kept = this.last(maxRecorded)
    return kept.slice(kept.findLastIndex((entry) => entry.id === id) + 1)
  }

  /** The last entries, the latest at the end. */
  last(count: number): readonly Entry[] {
    return count === 0 ? [] : this.#entries.slice(-Math.min(count, maxRecorded))
  }

  clear(): void {
    this.#entries = []
  }
}
