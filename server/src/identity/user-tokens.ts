import { randomBytes } from 'node:crypto'
import { unknownInstantMs } from '../credentials/index.ts'
import type { User } from '../directory/index.ts'
import type { KeyRing } from '../platform/keys/key-ring.ts'
import {
  type AccessToken,
  accessTokenType,
  credentialClaim,
  credentialExpiryClaim,
  credentialKindClaim,
} from './access-token.ts'
import { signToken } from './sign-token.ts'
import { type TokenVersion, issuersOf } from './tenants.ts'
import { accessTokenSeconds, idTokenSeconds } from './token-parameters.ts'

/** Who signed in, to which client, and how; what both tokens of a person tell. */
export type PersonTokenRequest = {
  readonly user: User
  readonly clientId: string
  /** Whether the client proved itself. */
  readonly confidential: boolean
  readonly tenantId: string
  readonly version: TokenVersion
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

/** What an access token says besides. */
export type UserAccess = {
  readonly aud: string
  readonly scp: string
  readonly signInId: string
  readonly signInExpiresAtMs: number
}

/**
 * Signs a person's IdP access token. It carries the sign-in that it came of, and is refused once that has ended.
 * [Entra, access token claims reference]
 */
export async function signUserAccessToken(
  keys: KeyRing,
  publicOrigin: string,
  nowMs: number,
  request: PersonTokenRequest,
  { aud, scp, signInId, signInExpiresAtMs }: UserAccess,
): Promise<AccessToken> {
  const { clientId, confidential, tenantId, version } = request
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  const signInExpiresAtSeconds = Math.floor(signInExpiresAtMs / 1000)
  const expiresAtSeconds = Math.min(issuedAtSeconds + accessTokenSeconds, signInExpiresAtSeconds)
  const issuers = issuersOf(publicOrigin, tenantId)
  const uti = makeUti()
  const proof = confidential ? '1' : '0'
  const token = signToken(await keys.current(), accessTokenType, {
    ...personClaims(request),
    aud,
    iss: issuers[version],
    iat: issuedAtSeconds,
    nbf: issuedAtSeconds,
    exp: expiresAtSeconds,
    acr: '1',
    appid: clientId,
    appidacr: proof,
    azp: clientId,
    azpacr: proof,
    idtyp: 'user',
    scp,
    uti,
    [credentialClaim]: signInId,
    [credentialKindClaim]: 'sign-in',
    [credentialExpiryClaim]: signInExpiresAtSeconds,
  })
  return { token, uti, issuedAtSeconds, expiresAtSeconds }
}

/**
 * Signs what tells a client who signed in. Its issuer is the person's own tenant, whichever alias was asked; its type
 * keeps it from being taken for an access token. [OpenID Connect Core §2; az-cli-wire §3.4]
 */
export async function signIdToken(
  keys: KeyRing,
  publicOrigin: string,
  nowMs: number,
  request: PersonTokenRequest,
  { nonce, withEmail }: { readonly nonce: string | undefined; readonly withEmail: boolean },
): Promise<string> {
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  return signToken(await keys.current(), 'JWT', {
    ...personClaims(request),
    aud: request.clientId,
    iss: issuersOf(publicOrigin, request.tenantId)[request.version],
    iat: issuedAtSeconds,
    nbf: issuedAtSeconds,
    exp: issuedAtSeconds + idTokenSeconds,
    uti: makeUti(),
    ...(nonce === undefined ? {} : { nonce }),
    ...(withEmail && request.user.mail !== undefined ? { email: request.user.mail } : {}),
  })
}

function personClaims({ user, tenantId, version, methods, authenticatedAtMs }: PersonTokenRequest) {
  return {
    amr: [...methods],
    ...(authenticatedAtMs === unknownInstantMs ? {} : { auth_time: Math.floor(authenticatedAtMs / 1000) }),
    name: user.displayName,
    oid: user.objectId,
    preferred_username: user.userPrincipalName,
    sub: user.objectId,
    tid: tenantId,
    unique_name: user.userPrincipalName,
    upn: user.userPrincipalName,
    ver: version,
  }
}

function makeUti(): string {
  return randomBytes(16).toString('base64url')
}
