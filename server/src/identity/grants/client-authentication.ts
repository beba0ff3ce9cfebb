import type { ClientSecretCheck } from '../../credentials/index.ts'
import type { ServicePrincipal, Tenant } from '../../directory/index.ts'
import { type AssertionContext, authenticateByAssertion } from './client-assertion.ts'
import { requireClientIdAndSecret } from './client-id-and-secret.ts'
import { EntraError } from '../tokens/errors.ts'
import { type MachineContext, authenticateMachine } from '../machines/machine-assertion.ts'
import type { TokenForm } from '../tokens/token-form.ts'

/** The client of a token request. */
export type AuthenticatedClient =
  /** It sent no credential, so its id is not verified. The grant decides whether a public client is allowed. */
  | { readonly kind: 'public'; readonly clientId: string }
  | {
      readonly kind: 'confidential'
      readonly servicePrincipal: ServicePrincipal
      readonly credentialId: string
      readonly credentialExpiresAtMs: number
      readonly method: 'client_secret' | 'certificate' | 'federated' | 'machine_assertion'
    }

/** The token endpoint that a client sent its request to. An assertion must name one of the URLs as its audience. */
export type AddressedEndpoint = { readonly tenant: Tenant; readonly tokenEndpointUrls: readonly string[] }

/** Authenticates the client of a token request by its credential. @throws EntraError if the credential is not valid */
export type AuthenticateClient = (
  form: TokenForm,
  authorizationHeader: string | undefined,
  endpoint: AddressedEndpoint,
) => Promise<AuthenticatedClient>

/** Creates the authentication of clients, by every method. */
export function createClientAuthentication(context: AssertionContext & MachineContext): AuthenticateClient {
  const { credentials } = context
  return async (form, authorizationHeader, { tenant, tokenEndpointUrls }) => {
    const machine = await authenticateMachine(context, form, authorizationHeader, tokenEndpointUrls)
    if (machine !== undefined) return machine
    const asserted = await authenticateByAssertion(context, form, authorizationHeader, { tenant, tokenEndpointUrls })
    if (asserted !== undefined) return asserted
    const { clientId, clientSecret } = requireClientIdAndSecret(form, authorizationHeader)
    if (clientSecret === undefined) return { kind: 'public', clientId }
    const valid = requireValidSecret(
      await credentials.checkClientSecret(clientId, clientSecret),
      clientId,
      tenant.tenantId,
    )
    return {
      kind: 'confidential',
      servicePrincipal: valid.servicePrincipal,
      credentialId: valid.credentialId,
      credentialExpiresAtMs: valid.expiresAtMs,
      method: 'client_secret',
    }
  }
}

/** @throws EntraError unless the secret is valid */
function requireValidSecret(
  check: ClientSecretCheck,
  clientId: string,
  tenantId: string,
): Extract<ClientSecretCheck, { readonly outcome: 'verified' }> {
  switch (check.outcome) {
    case 'verified':
      return check
    case 'unknown-application':
      throw new EntraError('unknownApplication', [clientId, tenantId])
    case 'wrong-secret':
      throw new EntraError('wrongSecret', [clientId])
    case 'expired-secret':
      throw new EntraError('expiredSecret', [clientId])
    case 'disabled':
      throw new EntraError('disabledApplication', [clientId])
  }
}
