import type { Directory } from '../../directory/index.ts'
import { signatureAlgorithms } from '../../issuers/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import { userInfoAudience } from '../tokens/audiences.ts'
import { signingAlgorithm } from '../tokens/token-parameters.ts'
import { type AddressedTenant, type TokenVersion, issuersOf, requireTenant } from '../tokens/tenants.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type DiscoveryContext = {
  readonly directory: Directory
  readonly keys: KeyRing
  readonly publicOrigin: PublicOrigin
  /** The supported values of `grant_type`. */
  readonly grantTypes: readonly string[]
}

/** Pages of any origin may read the metadata. [Fetch §3.3.3] */
const anyOrigin = { 'access-control-allow-origin': '*' } as const

/** The handler of the OpenID configuration. */
export function openIdConfiguration(version: TokenVersion) {
  return async (context: DiscoveryContext, { params, reply }: Call<undefined>): Promise<object> => {
    const addressed = await requireTenant(context.directory, params['tenant'] ?? '')
    reply.headers({ ...anyOrigin, 'cache-control': 'public, max-age=3600' })
    return configurationOf(context, addressed, version)
  }
}

/**
 * The handler of the OpenID configuration of the tenant, at the path where MSAL expects the configuration of AD FS. AKS's
 * credential provider asks Azure which other hosts to trust, except for the tenant `adfs`. [MSAL for Go, authority]
 */
export async function adfsConfiguration(context: DiscoveryContext, { reply }: Call<undefined>): Promise<object> {
  reply.headers({ ...anyOrigin, 'cache-control': 'public, max-age=3600' })
  return configurationOf(context, { kind: 'tenant', tenant: await context.directory.tenant() }, '2.0')
}

/** The handler of the public keys at the address of a tenant. */
export async function tenantKeys(context: DiscoveryContext, call: Call<undefined>): Promise<object> {
  await requireTenant(context.directory, call.params['tenant'] ?? '')
  return publicKeys(context, call)
}

/** The handler of the public keys at the address that names no tenant. */
export async function publicKeys({ keys }: DiscoveryContext, { reply }: Call<undefined>): Promise<object> {
  // A new key signs immediately, so caches must expire soon.
  reply.headers({ ...anyOrigin, 'cache-control': 'public, max-age=300' })
  await keys.current()
  return { keys: await keys.publicKeys() }
}

/**
 * The OpenID configuration. The configuration names only endpoints and features that exist. Its URLs come from the
 * settings, never
 * from the request. [OpenID Connect Discovery 1.0 §3; RFC 8414 §2]
 */
function configurationOf(
  { publicOrigin, grantTypes }: DiscoveryContext,
  addressed: AddressedTenant,
  version: TokenVersion,
) {
  const segment = addressed.kind === 'any' ? addressed.alias : addressed.tenant.tenantId
  const oauth2 = version === '2.0' ? `${publicOrigin}/${segment}/oauth2/v2.0` : `${publicOrigin}/${segment}/oauth2`
  const keys =
    version === '2.0' ? `${publicOrigin}/${segment}/discovery/v2.0/keys` : `${publicOrigin}/common/discovery/keys`
  // Entra's metadata for "any tenant" has this placeholder, and clients rely on it.
  const issuerTenant = addressed.kind === 'any' ? '{tenantid}' : addressed.tenant.tenantId
  return {
    issuer: issuersOf(publicOrigin, issuerTenant)[version],
    authorization_endpoint: `${oauth2}/authorize`,
    token_endpoint: `${oauth2}/token`,
    device_authorization_endpoint: `${oauth2}/devicecode`,
    end_session_endpoint: `${oauth2}/logout`,
    userinfo_endpoint: userInfoAudience(publicOrigin),
    jwks_uri: keys,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: signatureAlgorithms,
    grant_types_supported: grantTypes,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    claims_supported: claims,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [signingAlgorithm],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  }
}

/** The claims of an ID token. */
const claims = [
  'amr',
  'aud',
  'auth_time',
  'email',
  'exp',
  'iat',
  'iss',
  'name',
  'nonce',
  'oid',
  'preferred_username',
  'sub',
  'tid',
  'unique_name',
  'upn',
  'uti',
  'ver',
]
