import type { FastifyInstance } from 'fastify'
import type { SigningPrincipal } from '../directory/index.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { SigningKeyTimes } from '../platform/signing-keys/key-ring.ts'
import type { Transaction } from '../platform/sql/database.ts'
import type { SignInProtocol } from './sign-in-protocol.ts'

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
  /** When that credential expires: nothing that is got by the token may live longer. The token itself never does. */
  readonly credentialExpiresAtMs: number | undefined
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** The token that proved it, where it came through {@link Identity.verifyIncomingToken}. */
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

/** Proof of who you are: the OpenID provider, and the verification of what it issued. */
export interface Identity extends SignInProtocol {
  /** Verifies an IdP access token for one of `audiences`. Never throws for what a client sent. */
  verifyAccessToken(
    token: string,
    audiences: readonly TokenAudience[],
  ): Promise<{ readonly ok: true; readonly identity: VerifiedIdentity } | RefusedToken>
  /**
   * Verifies whatever may stand for somebody at a registry: an IdP access token of ours or of a trusted tenant for one of
   * `audiences`, or a token of an outside issuer that a federated credential trusts, of the application `appId` or else
   * of the only one that does. Never throws for what a client sent.
   */
  verifyIncomingToken(
    token: string,
    audiences: readonly TokenAudience[],
    appId: string | undefined,
  ): ReturnType<Identity['verifyAccessToken']>
  /** Proves the sender of a Graph request by its `Authorization` header; undefined for nobody. */
  readonly authenticateGraph: (authorization: string | undefined) => Promise<VerifiedIdentity | undefined>
  /** Makes a new signing key of the provider; the one before it verifies on until all that it signed has expired. */
  rotateKeys(): Promise<void>
  /** The age of the key that signs the provider's tokens. @throws where there is none and none can be made */
  signingKey(): Promise<SigningKeyTimes>
  /** Nothing that the provider has signed is believed any more. */
  withdrawKeys(transaction: Transaction): Promise<void>
  /** Adds `/{tenant}/…`, `/common`, `/organizations` and the keys. */
  mount(app: FastifyInstance): void
  /** The provider's table, for the walk over all of them. */
  readonly routes: readonly RouteDescription[]
}

export { createIdentity } from './identity.ts'
export { identityMigrations } from './handle-store.ts'
export type {
  AuthorizationRefusal,
  AuthorizationRequest,
  AuthorizationResponse,
  DeviceRequest,
  SignInProtocol,
} from './sign-in-protocol.ts'
export { EntraError } from './entra-errors.ts'
export { tenantParameter } from './tenants.ts'
