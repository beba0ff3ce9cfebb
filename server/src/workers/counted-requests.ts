import type { Audit } from '../audit/index.ts'
import type { Counted } from './messages.ts'

type Transfer = { rid: string; kind: 'pull' | 'push'; succeeded: boolean; count: number }

/** The counts of a worker since its last message to the main thread. */
export class CountedRequests {
  readonly #transfers = new Map<string, Transfer>()
  readonly #uses: Parameters<Audit['noteUse']>[] = []

  /** Counts one pull or push of a manifest. */
  countTransfer(rid: string, kind: 'pull' | 'push', succeeded: boolean): void {
    const key = `${rid} ${kind} ${succeeded}`
    const known = this.#transfers.get(key)
    if (known === undefined) this.#transfers.set(key, { rid, kind, succeeded, count: 1 })
    else known.count += 1
  }

  /** Records a use of a credential. */
  readonly noteUse: Audit['noteUse'] = (...use) => void this.#uses.push(use)

  /** Returns the counts and resets them; undefined if there are no counts. */
  take(pulls: Counted['pulls']): Counted | undefined {
    if (this.#transfers.size === 0 && this.#uses.length === 0 && pulls.size === 0) return undefined
    const counted = { pulls, transfers: [...this.#transfers.values()], uses: this.#uses.splice(0) }
    this.#transfers.clear()
    return counted
  }
}
