import { signingAlgorithm } from './token-parameters.ts'
import { type AddressedTenant, type TokenVersion, issuersOf } from './tenants.ts'

/**
 * The OpenID configuration. It names only what is served, and its URLs come from the configuration, never from what a
 * request claims to be its host. [OpenID Connect Discovery 1.0 §3]
 *
 * az fails without `authorization_endpoint`, although it signs service principals in without using it.
 */
export function openIdConfiguration(publicOrigin: string, addressed: AddressedTenant, version: TokenVersion) {
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
    jwks_uri: keys,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [signingAlgorithm],
    request_uri_parameter_supported: false,
  }
}
