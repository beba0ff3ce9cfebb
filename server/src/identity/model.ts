import type { CredentialKind } from '../credentials/index.ts'
import type { SigningPrincipal } from '../directory/index.ts'

/** The audiences that our provider issues for, by what they are for. */
export type TokenAudience =
  | 'arm'
  | 'acr'
  | 'graph'
  /** What tells an application who signed in, and nothing else. */
  | 'userinfo'

/** Somebody whose IdP access token held in every claim, whose principal exists and whose credential still stands. */
export type VerifiedIdentity = {
  readonly principal: SigningPrincipal
  /** The application that asked for the token. */
  readonly appId: string
  readonly tenantId: string
  readonly audience: TokenAudience
  /** Which credential proved it; undefined for what has none that could be taken away alone. */
  readonly credentialId: string | undefined
  readonly credentialKind: CredentialKind
  /** When that credential expires: nothing that is got by the token may live longer. The token itself never does. */
  readonly credentialExpiresAtMs: number | undefined
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** The token that proved it, where it came through `verifyIncomingToken`. */
  readonly presented?: PresentedToken | undefined
}

export type IdentityRefusal =
  | 'malformed'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not-yet-valid'
  | 'claims'
  | 'principal'
  | 'credential'
  /** The token of a workload holds for longer than is accepted. */
  | 'lifetime'
  /** Nobody trusts this subject of an issuer that somebody trusts. */
  | 'subject'
  /** More than one application trusts the token, and none was named. */
  | 'several-applications'
  /** The keys of the issuer could not be had. */
  | 'issuer-unavailable'

/** Whose a token is whose signature held, and by which credential, whatever became of either. */
export type TokenOwner = {
  readonly kind: SigningPrincipal['kind']
  readonly objectId: string
  readonly credentialId: string | undefined
}

/** What a token says of itself whose signature was verified, whatever became of the rest. */
export type PresentedToken = {
  readonly issuer: string
  readonly subject: string
  readonly expiresAtMs: number | undefined
}

/** Why a token proves nobody; and whose it was, where that is known. */
export type RefusedToken = {
  readonly ok: false
  readonly reason: IdentityRefusal
  readonly owner?: TokenOwner
  /** Absent where the signature was not verified. */
  readonly presented?: PresentedToken
}

/** A verified token, or why it was denied. */
export type TokenVerdict = { readonly ok: true; readonly identity: VerifiedIdentity } | RefusedToken

/** Verifies an IdP access token for one of `audiences`. Never throws for what a client sent. */
export type VerifyAccessToken = (token: string, audiences: readonly TokenAudience[]) => Promise<TokenVerdict>

/**
 * Verifies any token that a registry accepts: an IdP access token of this provider or of a trusted tenant for one of
 * `audiences`, or a workload token that a federated credential trusts. `appId` selects the application; without it,
 * exactly one application may trust the token. Never throws for what a client sent.
 */
export type VerifyIncomingToken = (
  token: string,
  audiences: readonly TokenAudience[],
  appId: string | undefined,
) => Promise<TokenVerdict>
