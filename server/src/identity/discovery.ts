import { userInfoAudience } from './audiences.ts'
import { signatureAlgorithms } from '../issuers/index.ts'
import { signingAlgorithm } from './token-parameters.ts'
import { type AddressedTenant, type TokenVersion, issuersOf } from './tenants.ts'

/** What the configuration depends on. */
export type DiscoveryOptions = {
  readonly publicOrigin: string
  /** Every `grant_type` that is answered. */
  readonly grantTypes: readonly string[]
}

/**
 * The OpenID configuration. It names only what is served, and its URLs come from the configuration, never from what a
 * request claims to be its host. [OpenID Connect Discovery 1.0 §3; RFC 8414 §2]
 */
export function openIdConfiguration(
  { publicOrigin, grantTypes }: DiscoveryOptions,
  addressed: AddressedTenant,
  version: TokenVersion,
) {
  const segment = addressed.kind === 'any' ? addressed.alias : addressed.tenant.tenantId
  const oauth2 = version === '2.0' ? `${publicOrigin}/${segment}/oauth2/v2.0` : `${publicOrigin}/${segment}/oauth2`
  const keys =
    version === '2.0' ? `${publicOrigin}/${segment}/discovery/v2.0/keys` : `${publicOrigin}/common/discovery/keys`
  // Entra's metadata for "any tenant" has this placeholder, and clients that look for it.
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

/** What an id_token says. */
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
