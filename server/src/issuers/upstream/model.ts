import type { UpstreamPerson } from './claims.ts'
import type { UpstreamSettings } from './settings.ts'

/** The start of a sign-in at a provider. */
export type UpstreamSignInRequest = {
  /** A secret that identifies the browser. */
  readonly browser: string
  /** Returned unchanged by `finish`. */
  readonly flow: string
  readonly remoteAddress: string
  readonly loginHint: string | undefined
  readonly domainHint: string | undefined
  /** The person must authenticate after this instant. Undefined if any authentication is accepted. */
  readonly authenticatedAfterMs: number | undefined
  /** Whether the person chooses an account. */
  readonly mustChooseAccount: boolean
  /** Whether the person must use another account than the provider's current one. */
  readonly wantsAnotherAccount: boolean
}

/** The request with which a browser returns from a provider. */
export type UpstreamCallback = { readonly browser: string; readonly query: string; readonly correlationId: string }

/** A completed sign-in at a provider. */
export type UpstreamSignIn = {
  readonly settings: UpstreamSettings
  readonly person: UpstreamPerson
  readonly flow: string
}
