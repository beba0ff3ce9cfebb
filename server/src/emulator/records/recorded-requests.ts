/** A request whose response has begun, or whose connection was closed. */
export type RecordedRequest = {
  /** The correlation id of the response, if the response has an id. */
  readonly id: string
  readonly method: string
  /** The path without the query, which may contain secrets. */
  readonly path: string
  /** The status of the response; null without a response. */
  readonly status: number | null
  /** Null if the request names no principal. */
  readonly principal: string | null
  /** The id of the fault that affected the request; null if no fault affected it. */
  readonly fault: string | null
}

/** The maximum number of stored entries. */
export const maxRecorded = 1000

/** The latest entries, in the order in which the requests ended. */
export class LatestEntries<Entry extends { readonly id: string }> {
  #entries: Entry[] = []

  add(entry: Entry): void {
    this.#entries.push(entry)
    // The code removes several entries at a time, because removing the first entry moves all other entries.
    if (this.#entries.length >= 2 * maxRecorded) this.#entries = this.#entries.slice(-maxRecorded)
  }

  /** The entries after the entry with the id. If the id is unknown or no longer stored, the result contains all entries. */
  after(id: string | undefined): readonly Entry[] {
    const kept = this.last(maxRecorded)
    return kept.slice(kept.findLastIndex((entry) => entry.id === id) + 1)
  }

  /** The last entries, with the latest entry at the end. */
  last(count: number): readonly Entry[] {
    return count === 0 ? [] : this.#entries.slice(-Math.min(count, maxRecorded))
  }

  clear(): void {
    this.#entries = []
  }
}
