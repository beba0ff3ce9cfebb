import { randomBytes } from 'node:crypto'
import type { User } from '../../directory/index.ts'
import { unknownInstantMs } from '../../credentials/index.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import type { Clock } from '../../platform/process/clock.ts'
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
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The keys, the issuer and the time of tokens. */
type TokenSigner = { readonly keys: KeyRing; readonly publicOrigin: PublicOrigin; readonly clock: Clock }

/** The content that both tokens of a person share. */
export type PersonTokenRequest = {
  readonly user: User
  readonly clientId: string
  /** Whether the client authenticated. */
  readonly confidential: boolean
  readonly tenantId: string
  readonly version: TokenVersion
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

/** The additional content of an access token. */
export type UserAccess = {
  readonly aud: string
  readonly scp: string
  readonly signInId: string
  readonly signInExpiresAtMs: number
}

/**
 * Signs a person's IdP access token. It names its sign-in, and is denied when the sign-in has ended.
 * [Entra, access token claims reference]
 */
export async function signUserAccessToken(
  { keys, publicOrigin, clock }: TokenSigner,
  request: PersonTokenRequest,
  { aud, scp, signInId, signInExpiresAtMs }: UserAccess,
): Promise<AccessToken> {
  const { clientId, confidential, tenantId, version } = request
  const issuedAtSeconds = Math.floor(clock.now() / 1000)
  const signInExpiresAtSeconds = Math.floor(signInExpiresAtMs / 1000)
  const expiresAtSeconds = Math.min(issuedAtSeconds + accessTokenSeconds, signInExpiresAtSeconds)
  const issuers = issuersOf(publicOrigin, tenantId)
  const uti = makeUti()
  const authentication = confidential ? '1' : '0'
  const token = signToken(await keys.current(), accessTokenType, {
    ...personClaims(request),
    aud,
    iss: issuers[version],
    iat: issuedAtSeconds,
    nbf: issuedAtSeconds,
    exp: expiresAtSeconds,
    acr: '1',
    appid: clientId,
    appidacr: authentication,
    azp: clientId,
    azpacr: authentication,
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
 * Signs an ID token. Its issuer is the person's own tenant, even if the request used an alias. Its type is not that of an access
 * token. [OpenID Connect Core §2; az-cli-wire §3.4]
 */
export async function signIdToken(
  { keys, publicOrigin, clock }: TokenSigner,
  request: PersonTokenRequest,
  { nonce, withEmail }: { readonly nonce: string | undefined; readonly withEmail: boolean },
): Promise<string> {
  const issuedAtSeconds = Math.floor(clock.now() / 1000)
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
