import type { ServicePrincipal, Tenant } from '../directory/index.ts'
import { proveByCertificate, assertionTime } from './certificate-assertion.ts'
import { type CompactToken, parseCompactToken, textClaim } from './compact-token.ts'
import { EntraError } from './entra-errors.ts'
import { type FederatedProof, type FederatedRooms, proveFederated } from './federated-assertion.ts'
import { IssuerUnavailableError } from './issuer-keys.ts'
import type { TokenForm } from './token-form.ts'
import { neverMs } from './token-parameters.ts'

/** An application that an assertion proved, and what by. */
export type AssertionProof = {
  readonly kind: 'confidential'
  readonly servicePrincipal: ServicePrincipal
  readonly credentialId: string
  readonly credentialExpiresAtMs: number
  readonly method: 'certificate' | 'federated'
}

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Proves an application by the assertion that a token request has: one that it made itself and signed with the key of a
 * certificate, or a token of an outside issuer that it trusts. Undefined for a request without one. [RFC 7523 §2.2]
 *
 * An assertion may come again as long as it lives: az and MSAL send each for several tokens.
 *
 * @throws EntraError
 */
export async function authenticateByAssertion(
  rooms: FederatedRooms,
  form: TokenForm,
  authorizationHeader: string | undefined,
  { tenant, tokenEndpointUrls }: { readonly tenant: Tenant; readonly tokenEndpointUrls: readonly string[] },
): Promise<AssertionProof | undefined> {
  const assertion = form.get('client_assertion')
  const type = form.get('client_assertion_type')
  if (assertion === undefined && type === undefined) return undefined
  if (assertion === undefined) throw new EntraError('missingParameter', ['client_assertion'])
  if (type === undefined) throw new EntraError('missingParameter', ['client_assertion_type'])
  // One way to prove a client, and not two. [RFC 6749 §2.3]
  if (type !== jwtBearer || authorizationHeader !== undefined || form.has('client_secret')) {
    throw new EntraError('malformed')
  }
  const token = parseCompactToken(assertion)
  if (token === undefined) throw new EntraError('malformedAssertion')
  const issuer = textClaim(token.claims, 'iss')
  const clientId = (form.get('client_id') ?? issuer ?? '').toLowerCase()
  if (clientId === '') throw new EntraError('missingParameter', ['client_id'])
  const isOwn = issuer?.toLowerCase() === clientId
  if (!isOwn) {
    const proof = await byIssuer(rooms, token, clientId)
    if (proof !== undefined) return proof
  }
  const servicePrincipal = await rooms.directory.findServicePrincipalByAppId(clientId)
  if (servicePrincipal === undefined) throw new EntraError('unknownApplication', [clientId, tenant.tenantId])
  if (!isOwn) throw new EntraError('federatedIssuer', [issuer ?? ''])
  const proof = await byCertificate(rooms, token, servicePrincipal, tokenEndpointUrls)
  if (!servicePrincipal.enabled) throw new EntraError('disabledApplication', [clientId])
  return proof
}

async function byCertificate(
  rooms: FederatedRooms,
  token: CompactToken,
  servicePrincipal: ServicePrincipal,
  tokenEndpointUrls: readonly string[],
): Promise<AssertionProof> {
  const certificate = await proveByCertificate(rooms, token, servicePrincipal.appId, tokenEndpointUrls)
  const { credentialId, expiresAtMs } = certificate
  return {
    kind: 'confidential',
    servicePrincipal,
    credentialId,
    credentialExpiresAtMs: expiresAtMs,
    method: 'certificate',
  }
}

/** Undefined where no credential of that application names the issuer, be it that there is no such application. */
async function byIssuer(
  rooms: FederatedRooms,
  token: CompactToken,
  appId: string,
): Promise<AssertionProof | undefined> {
  const proof = await proveFederated(rooms, token, appId).catch((error: unknown) => {
    throw error instanceof IssuerUnavailableError ? new EntraError('issuerUnavailable', [], { cause: error }) : error
  })
  if (proof.outcome === 'issuer') return undefined
  if (proof.outcome !== 'matched') throw refusalOf(proof.outcome, token, appId, rooms.clock.now())
  const { servicePrincipal, credentialId } = proof
  return { kind: 'confidential', servicePrincipal, credentialId, credentialExpiresAtMs: neverMs, method: 'federated' }
}

function refusalOf(
  outcome: Exclude<FederatedProof['outcome'], 'matched' | 'issuer'>,
  token: CompactToken,
  appId: string,
  nowMs: number,
): EntraError {
  switch (outcome) {
    case 'claims':
      return new EntraError('malformedAssertion')
    case 'subject':
    case 'several':
      return new EntraError('federatedSubject', [textClaim(token.claims, 'sub') ?? ''])
    case 'audience':
      return new EntraError('federatedAudience', [JSON.stringify(token.claims['aud'] ?? null)])
    case 'signature':
      return new EntraError('assertionSignature', ['The signature is not that of a key of the issuer.'])
    case 'disabled':
      return new EntraError('disabledApplication', [appId])
    case 'expired':
    case 'not-yet-valid':
    case 'no-times':
    case 'lifetime':
      return assertionTime(token, nowMs)
  }
}
