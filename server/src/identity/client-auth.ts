import type { ClientSecretCheck } from '../credentials/index.ts'
import type { ServicePrincipal, Tenant } from '../directory/index.ts'
import { authenticateByAssertion } from './client-assertion.ts'
import { readClientCredentials } from './client-credentials.ts'
import { EntraError } from './entra-errors.ts'
import type { FederatedRooms } from './federated-assertion.ts'
import { type MachineRooms, authenticateMachine } from './machine-assertion.ts'
import type { TokenForm } from './token-form.ts'

/** The program that asks for a token. */
export type AuthenticatedClient =
  /** It brought no proof: all that is known is what it calls itself. Whoever uses it asks whether it may be public. */
  | { readonly kind: 'public'; readonly clientId: string }
  | {
      readonly kind: 'confidential'
      readonly servicePrincipal: ServicePrincipal
      readonly credentialId: string
      readonly credentialExpiresAtMs: number
      readonly method: 'client_secret' | 'certificate' | 'federated' | 'machine_assertion'
    }

/** Where a client was met: an assertion must name one of the URLs as its audience. */
export type ClientContext = { readonly tenant: Tenant; readonly tokenEndpointUrls: readonly string[] }

/** Proves the client of a token request by whatever it brought. @throws EntraError when that proves nobody */
export type AuthenticateClient = (
  form: TokenForm,
  authorizationHeader: string | undefined,
  context: ClientContext,
) => Promise<AuthenticatedClient>

/** Makes the one function by which clients are proved. */
export function createClientAuthentication({
  usedAssertions,
  ...rooms
}: FederatedRooms & MachineRooms): AuthenticateClient {
  const { credentials, clock } = rooms
  const machines = { credentials, clock, usedAssertions }
  return async (form, authorizationHeader, { tenant, tokenEndpointUrls }) => {
    const machine = await authenticateMachine(machines, form, authorizationHeader, tokenEndpointUrls)
    if (machine !== undefined) return machine
    const asserted = await authenticateByAssertion(rooms, form, authorizationHeader, { tenant, tokenEndpointUrls })
    if (asserted !== undefined) return asserted
    const { clientId, clientSecret } = readClientCredentials(form, authorizationHeader)
    if (clientSecret === undefined) return { kind: 'public', clientId }
    const proof = requireProof(await credentials.checkClientSecret(clientId, clientSecret), clientId, tenant.tenantId)
    return {
      kind: 'confidential',
      servicePrincipal: proof.servicePrincipal,
      credentialId: proof.credentialId,
      credentialExpiresAtMs: proof.expiresAtMs,
      method: 'client_secret',
    }
  }
}

function requireProof(
  check: ClientSecretCheck,
  clientId: string,
  tenantId: string,
): Extract<ClientSecretCheck, { readonly outcome: 'proved' }> {
  switch (check.outcome) {
    case 'proved':
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
