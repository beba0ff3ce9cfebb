import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import { hash } from 'node:crypto'
import type { RecurringEvent } from '../../audit/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Registry } from '../../resources/index.ts'
import type { PreparedToken } from '../tokens/acr-token-claims.ts'
import type { Credential } from '../tokens/credential.ts'
import { RegistryCache } from '../limits/registry-cache.ts'

/** A response, and the time in seconds since 1970 at which its token was signed. */
export type SignedResponse = { readonly second: number; readonly document: string }

/** The constant parts of the responses to a request: all but the id, times and signature of the token. */
export type PreparedIssue = {
  /** The verified credential, and when it expires. */
  readonly credential: Credential
  readonly expiresAtMs: number
  readonly token: PreparedToken
  /** The budget that each response uses. */
  readonly budget: CallerBudget
  /** The audit event of each response, which `appendEvent` writes. */
  readonly event: RecurringEvent
  readonly appendEvent: (origin: Origin) => Promise<void>
  /** The JSON text after the times. */
  readonly responseEnd: string
  /** The latest response, which is repeated within its second. */
  latest: SignedResponse | undefined
}

/** The maximum estimated size of the cache. */
const maxBytes = 16 * 1024 * 1024
/** The estimated size of an entry without its texts. */
const fixedBytes = 1024
/** Longer requests are not cached. Real ones are far shorter: a refresh token has about 1,200 characters. */
const maxRequestLength = 16 * 1024

/** The two forms of a request: header and query, or a form. */
export type AskedBy = 'query' | 'form'

/**
 * The key of a request in the cache; undefined if it is not cached. The key is a hash, because requests contain
 * secrets.
 */
export function issueCacheKey(askedBy: AskedBy, header: string, parameters: string): string | undefined {
  if (header.length + parameters.length > maxRequestLength) return undefined
  // A header contains no line break, so different requests have different keys.
  return hash('sha256', `${askedBy}\n${header}\n${parameters}`, 'base64')
}

/**
 * Caches issued tokens by the exact request, for one revision of authority. A client can vary its requests without limit,
 * so the cache is bounded by bytes, and a registry with many variations does not evict the entries of others. With an entry,
 * a token takes 69 µs, nearly all of it for the signature, or 3 µs within the same second; without one, 117 µs.
 */
export class IssueCache {
  readonly #cache: RegistryCache<{ readonly revision: number; readonly issue: PreparedIssue }>

  constructor(bytes = maxBytes) {
    this.#cache = new RegistryCache(bytes)
  }

  get weightBytes(): number {
    return this.#cache.weightBytes
  }

  /** The entry of exactly this revision, unless its credential has expired. */
  get(revision: number, { rid }: Registry, key: string, nowMs: number): PreparedIssue | undefined {
    const found = this.#cache.get(rid, key)
    return found?.revision === revision && nowMs < found.issue.expiresAtMs ? found.issue : undefined
  }

  /** Caches an issue that was decided at `revision` or later. */
  set(revision: number, { rid }: Registry, key: string, issue: PreparedIssue): void {
    // A slow decision at an earlier revision must not replace a later one.
    if ((this.#cache.get(rid, key)?.revision ?? revision) > revision) return
    const { token, event, responseEnd, latest } = issue
    // The event is stored twice: as an object, and prepared as a row.
    const eventLength = 2 * JSON.stringify(event).length
    const responseLength = responseEnd.length + (latest?.document.length ?? 0)
    const texts = token.claims.length + token.ownClaims.length + responseLength + eventLength
    this.#cache.set(rid, key, { revision, issue }, fixedBytes + texts)
  }
}
