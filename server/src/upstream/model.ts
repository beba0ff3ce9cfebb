import type { UpstreamPerson } from './claims.ts'
import type { UpstreamSettings } from './settings.ts'

/** Who begins a sign-in, and where they want to go when it is done. */
export type UpstreamBeginning = {
  /** What names the browser to itself and to nobody else. */
  readonly browser: string
  /** Given back unread when the same browser comes back. */
  readonly flow: string
  readonly remoteAddress: string
  readonly loginHint: string | undefined
  readonly domainHint: string | undefined
  /** Only an authentication after this instant counts; undefined where any does. */
  readonly authenticatedAfterMs: number | undefined
  /** Whether the person is to say with which account. */
  readonly isToChoose: boolean
  /** Whether the account has to be another than the provider may know already. */
  readonly wantsAnother: boolean
}

/** Somebody whom a provider proved just now. */
export type UpstreamProof = {
  readonly settings: UpstreamSettings
  readonly person: UpstreamPerson
  readonly flow: string
}
