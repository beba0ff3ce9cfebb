import type { SigningPrincipal } from '../../directory/index.ts'
import type { CredentialKind } from '../../credentials/index.ts'

/** The audience of an IdP access token. */
export type TokenAudience =
  | 'arm'
  | 'acr'
  | 'graph'
  /** The user info endpoint, and nothing else. */
  | 'userinfo'

/** The identity of a valid token. Its principal exists and is enabled, and its credential is valid. */
export type VerifiedIdentity = {
  readonly principal: SigningPrincipal
  /** The application that requested the token. */
  readonly appId: string
  readonly tenantId: string
  readonly audience: TokenAudience
  /** The credential that authenticated the principal. Undefined if it has none that can be revoked separately. */
  readonly credentialId: string | undefined
  readonly credentialKind: CredentialKind
  /** When that credential expires. Nothing that is issued for the token may expire later. The token itself never does. */
  readonly credentialExpiresAtMs: number | undefined
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** The token, if `verifyIncomingToken` verified it. */
  readonly presented?: PresentedToken | undefined
}

/** Why a token is denied. */
export type IdentityRejection =
  | 'malformed'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not-yet-valid'
  | 'claims'
  | 'principal'
  | 'credential'
  /** The lifetime of the workload token is longer than allowed. */
  | 'lifetime'
  /** No federated credential for this issuer trusts the subject. */
  | 'subject'
  /** Several applications trust the token, and the request names none. */
  | 'several-applications'
  /** The keys of the issuer could not be fetched. */
  | 'issuer-unavailable'

/** The principal and the credential of a token with a valid signature. The principal may be disabled, and either may be deleted. */
export type TokenOwner = {
  readonly kind: SigningPrincipal['kind']
  readonly objectId: string
  readonly credentialId: string | undefined
}

/** The claims of a token with a valid signature. The token may be denied for another reason. */
export type PresentedToken = {
  readonly issuer: string
  readonly subject: string
  /** Exactly as in the token; undefined unless it has exactly one. */
  readonly audience?: string | undefined
  readonly expiresAtMs: number | undefined
}

/** Why a token is denied, and its owner if known. */
export type RejectedToken = {
  readonly ok: false
  readonly reason: IdentityRejection
  readonly owner?: TokenOwner
  /** Absent if the signature was not verified. */
  readonly presented?: PresentedToken
}

/** A verified token, or why it was denied. */
export type TokenVerdict = { readonly ok: true; readonly identity: VerifiedIdentity } | RejectedToken

/**
 * Verifies an IdP access token for one of `audiences`. Never throws for what a client sent. With `isUnderWay`, the token was
 * accepted before, for work under way: it may have expired meanwhile.
 */
export type VerifyAccessToken = (
  token: string,
  audiences: readonly TokenAudience[],
  isUnderWay?: boolean,
) => Promise<TokenVerdict>

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

/**
 * Verifies a workload token that is sent in place of a password, as `VerifyIncomingToken` does. The caller checks whether the
 * token is for the registry. Undefined for any text that is not a token of an external issuer: those of this provider, of
 * registries and of trusted tenants are not. Never throws for what a client sent.
 */
export type VerifyWorkloadToken = (token: string, appId: string | undefined) => Promise<TokenVerdict | undefined>
