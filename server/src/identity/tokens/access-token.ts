import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { ServicePrincipal } from '../../directory/index.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { type CredentialKind, credentialKinds } from '../../credentials/index.ts'
import { signToken } from './sign-token.ts'
import { accessTokenSeconds } from './token-parameters.ts'
import { type TokenVersion, issuersOf } from './tenants.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The type of access tokens. No other JWT of the provider has it. [RFC 9068 §2.1] */
export const accessTokenType = 'at+jwt'

/** Our own claims: the credential that authenticated the principal, its kind, and its expiry. The token never expires later. */
export const credentialClaim = 'acrux_cred'
export const credentialKindClaim = 'acrux_cred_kind'
export const credentialExpiryClaim = 'acrux_cred_exp'

/** The content of an application's access token. */
export type AccessTokenRequest = {
  readonly servicePrincipal: ServicePrincipal
  readonly credentialId: string
  readonly credentialKind: CredentialKind
  readonly credentialExpiresAtMs: number
  readonly tenantId: string
  readonly aud: string
  readonly version: TokenVersion
}

export type AccessToken = {
  readonly token: string
  readonly uti: string
  readonly issuedAtSeconds: number
  readonly expiresAtSeconds: number
}

/**
 * Signs an IdP access token for an application. It has the claims of version 1, which tools read, and those of version 2, whichever
 * endpoint issues it. [Entra, access token claims reference]
 */
export async function signAccessToken(
  keys: KeyRing,
  publicOrigin: PublicOrigin,
  nowMs: number,
  { servicePrincipal, credentialId, credentialKind, credentialExpiresAtMs, tenantId, aud, version }: AccessTokenRequest,
): Promise<AccessToken> {
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  const credentialExpiresAtSeconds = Math.floor(credentialExpiresAtMs / 1000)
  const expiresAtSeconds = Math.min(issuedAtSeconds + accessTokenSeconds, credentialExpiresAtSeconds)
  const uti = randomBytes(16).toString('base64url')
  const issuers = issuersOf(publicOrigin, tenantId)
  const token = signToken(await keys.current(), accessTokenType, {
    aud,
    iss: issuers[version],
    iat: issuedAtSeconds,
    nbf: issuedAtSeconds,
    exp: expiresAtSeconds,
    appid: servicePrincipal.appId,
    appidacr: '1',
    azp: servicePrincipal.appId,
    azpacr: '1',
    idp: issuers['1.0'],
    idtyp: 'app',
    oid: servicePrincipal.objectId,
    sub: servicePrincipal.objectId,
    tid: tenantId,
    uti,
    ver: version,
    [credentialClaim]: credentialId,
    [credentialKindClaim]: credentialKind,
    [credentialExpiryClaim]: credentialExpiresAtSeconds,
  })
  return { token, uti, issuedAtSeconds, expiresAtSeconds }
}

const guid = z.string().refine((text) => parseGuid(text) === text)
const seconds = z.int().nonnegative()

const commonClaims = {
  // A token with several audiences could be replayed from one to another.
  aud: z.string(),
  iss: z.string(),
  iat: seconds,
  nbf: seconds,
  exp: seconds,
  appid: guid,
  azp: guid,
  oid: guid,
  sub: guid,
  tid: guid,
  ver: z.enum(['1.0', '2.0']),
  [credentialClaim]: z.string().min(1).max(64),
  [credentialKindClaim]: z.enum(credentialKinds),
  [credentialExpiryClaim]: seconds,
}

/** The claims of an access token. All are required. */
export const accessTokenClaims = z.discriminatedUnion('idtyp', [
  z.object({ ...commonClaims, idtyp: z.literal('app') }),
  z.object({ ...commonClaims, idtyp: z.literal('user'), scp: z.string().min(1) }),
])

export type AccessTokenClaims = z.infer<typeof accessTokenClaims>
