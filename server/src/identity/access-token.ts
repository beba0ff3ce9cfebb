import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type CredentialKind, credentialKinds } from '../credentials/index.ts'
import type { ServicePrincipal } from '../directory/index.ts'
import type { KeyRing } from '../platform/keys/key-ring.ts'
import { parseGuid } from '../standards/azure/guid.ts'
import { signToken } from './sign-token.ts'
import { accessTokenSeconds } from './token-parameters.ts'
import { type TokenVersion, issuersOf } from './tenants.ts'

/** Tells an access token from every other JWT that the provider signs. [RFC 9068 §2.1] */
export const accessTokenType = 'at+jwt'

/** Our own claims: the credential that authenticated the principal, its kind, and when it expires. The token ends with it. */
export const credentialClaim = 'acrux_cred'
export const credentialKindClaim = 'acrux_cred_kind'
export const credentialExpiryClaim = 'acrux_cred_exp'

/** What a token is to say. */
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
 * Signs an IdP access token for an application. Entra's own resources get the claims of version 1 whichever endpoint was
 * asked, and tools read them; those of version 2 are beside them. [Entra, access token claims reference]
 */
export async function signAccessToken(
  keys: KeyRing,
  publicOrigin: string,
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
  // A list would let one token speak to two audiences.
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

/** The claims that are read of a token. Each is required and has one form. */
export const accessTokenClaims = z.discriminatedUnion('idtyp', [
  z.object({ ...commonClaims, idtyp: z.literal('app') }),
  z.object({ ...commonClaims, idtyp: z.literal('user'), scp: z.string().min(1) }),
])

export type AccessTokenClaims = z.infer<typeof accessTokenClaims>
