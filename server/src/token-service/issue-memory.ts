import type { CallerBudget } from '../platform/limits/caller-budget.ts'
import { hash } from 'node:crypto'
import type { RecurringEvent } from '../audit/index.ts'
import type { Origin } from '../platform/http/app.ts'
import type { Registry } from '../resources/index.ts'
import type { PreparedToken } from './acr-token.ts'
import type { Credential } from './credential.ts'
import { SessionMemory } from './session-memory.ts'

/** An answer, and the second since 1970 in which its token was signed. */
export type Answered = { readonly second: number; readonly document: string }

/** What does not change from one answer to the next: all but the signature, the times and the token's id. */
export type PreparedIssue = {
  /** What was proved, and until when it can be. */
  readonly credential: Credential
  readonly expiresAtMs: number
  readonly token: PreparedToken
  /** What pays for it, each time. */
  readonly budget: CallerBudget
  /** Each answer has one of its own, which `appendEvent` writes. */
  readonly event: RecurringEvent
  readonly appendEvent: (origin: Origin) => Promise<void>
  /** What follows the times in the answer, as JSON. */
  readonly answerEnd: string
  /** The answer before: it is given again as long as its second lasts. */
  answered: Answered | undefined
}

/** How much memory all of it may take, by estimate. */
const limitBytes = 32 * 1024 * 1024
/** What an entry weighs beside its texts, which a prepared token, an event and an answer have in common. */
const fixedBytes = 1024
/** Longer requests are not remembered. Real ones are far shorter: a refresh token has some 1,200 characters. */
const requestLengthLimit = 16 * 1024

/** Two ways to ask: by header and query, and by form. */
export type AskedBy = 'query' | 'form'

/**
 * Under what a request is remembered, undefined for none. It is a hash, so that no secret is kept that the request holds.
 */
export function issueKey(askedBy: AskedBy, header: string, parameters: string): string | undefined {
  if (header.length + parameters.length > requestLengthLimit) return undefined
  // A header has no line break, so that no two requests share a key.
  return hash('sha256', `${askedBy}\n${header}\n${parameters}`, 'base64')
}

/**
 * Remembers what was issued to whoever asked the very same before, for one revision of authority. Whoever is given tokens
 * can ask in any number of ways: it is bytes that are counted, and a registry whose clients do so makes no other forget.
 */
export class IssueMemory {
  readonly #memory: SessionMemory<{ readonly revision: number; readonly issue: PreparedIssue }>

  constructor(bytes = limitBytes) {
    this.#memory = new SessionMemory(bytes)
  }

  get weightBytes(): number {
    return this.#memory.weightBytes
  }

  /** What was kept at this very revision and can still be proved; asked by this connection. */
  recall(
    connection: object,
    revision: number,
    { rid }: Registry,
    key: string,
    nowMs: number,
  ): PreparedIssue | undefined {
    const kept = this.#memory.findOn(connection, rid, key)
    return kept?.revision === revision && nowMs < kept.issue.expiresAtMs ? kept.issue : undefined
  }

  /** Keeps what was found by a look that began at `revision`. */
  keep(revision: number, { rid }: Registry, key: string, issue: PreparedIssue): void {
    // A look that began before the latest one known must not bring an older world back.
    if ((this.#memory.find(rid, key)?.revision ?? revision) > revision) return
    const { token, event, answerEnd, answered } = issue
    // The event is there twice: as it is told, and as it is written.
    const eventLength = 2 * JSON.stringify(event).length
    const answerLength = answerEnd.length + (answered?.document.length ?? 0)
    const texts = token.claims.length + token.ownClaims.length + answerLength + eventLength
    this.#memory.keep(rid, key, { revision, issue }, fixedBytes + texts)
  }
}
