import type { Credentials } from '../../credentials/index.ts'
import type { Directory, ServicePrincipal, Tenant } from '../../directory/index.ts'
import { assertionTime, requireCertificate } from './certificate-assertion.ts'
import {
  type CompactToken,
  IssuerUnavailableError,
  type Issuers,
  type WorkloadTokenResult,
  parseCompactToken,
  textClaim,
} from '../../issuers/index.ts'
import { EntraError } from '../tokens/errors.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { TokenForm } from '../tokens/token-form.ts'
import { neverMs } from '../tokens/token-parameters.ts'

export type AssertionContext = {
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clock: Clock
  readonly issuers: Pick<Issuers, 'verifyWorkloadToken'>
}

/** An application that an assertion authenticated, and the credential. */
export type AssertedClient = {
  readonly kind: 'confidential'
  readonly servicePrincipal: ServicePrincipal
  readonly credentialId: string
  readonly credentialExpiresAtMs: number
  readonly method: 'certificate' | 'federated'
}

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Authenticates an application by the assertion of a token request: its own, signed with the key of a certificate, or a
 * workload token that it trusts. Undefined for a request without an assertion. [RFC 7523 §2.2]
 *
 * An assertion may be used several times during its lifetime: az and MSAL send each for several tokens.
 *
 * @throws EntraError
 */
export async function authenticateByAssertion(
  context: AssertionContext,
  form: TokenForm,
  authorizationHeader: string | undefined,
  { tenant, tokenEndpointUrls }: { readonly tenant: Tenant; readonly tokenEndpointUrls: readonly string[] },
): Promise<AssertedClient | undefined> {
  const token = readAssertion(form, authorizationHeader)
  if (token === undefined) return undefined
  const issuer = textClaim(token.claims, 'iss')
  const clientId = (form.get('client_id') ?? issuer ?? '').toLowerCase()
  if (clientId === '') throw new EntraError('missingParameter', ['client_id'])
  const isOwn = issuer?.toLowerCase() === clientId
  if (!isOwn) {
    const asserted = await authenticateByWorkloadToken(context, token, clientId)
    if (asserted !== undefined) return asserted
  }
  const servicePrincipal = await context.directory.findServicePrincipalByAppId(clientId)
  if (servicePrincipal === undefined) throw new EntraError('unknownApplication', [clientId, tenant.tenantId])
  if (!isOwn) throw new EntraError('federatedIssuer', [issuer ?? ''])
  const asserted = await authenticateByCertificate(context, token, servicePrincipal, tokenEndpointUrls)
  if (!servicePrincipal.enabled) throw new EntraError('disabledApplication', [clientId])
  return asserted
}

/** The assertion of a request. Undefined if it has none. @throws EntraError */
function readAssertion(form: TokenForm, authorizationHeader: string | undefined): CompactToken | undefined {
  const assertion = form.get('client_assertion')
  const type = form.get('client_assertion_type')
  if (assertion === undefined && type === undefined) return undefined
  if (assertion === undefined) throw new EntraError('missingParameter', ['client_assertion'])
  if (type === undefined) throw new EntraError('missingParameter', ['client_assertion_type'])
  // A client must use one authentication method per request. [RFC 6749 §2.3]
  if (type !== jwtBearer || authorizationHeader !== undefined || form.has('client_secret')) {
    throw new EntraError('malformed')
  }
  const token = parseCompactToken(assertion)
  if (token === undefined) throw new EntraError('malformedAssertion')
  return token
}

async function authenticateByCertificate(
  context: AssertionContext,
  token: CompactToken,
  servicePrincipal: ServicePrincipal,
  tokenEndpointUrls: readonly string[],
): Promise<AssertedClient> {
  const certificate = await requireCertificate(context, token, servicePrincipal.appId, tokenEndpointUrls)
  const { credentialId, expiresAtMs } = certificate
  return {
    kind: 'confidential',
    servicePrincipal,
    credentialId,
    credentialExpiresAtMs: expiresAtMs,
    method: 'certificate',
  }
}

/** Undefined if no federated credential of the application names the issuer, or there is no such application. */
async function authenticateByWorkloadToken(
  context: AssertionContext,
  token: CompactToken,
  appId: string,
): Promise<AssertedClient | undefined> {
  const result = await context.issuers.verifyWorkloadToken(token, appId).catch((error: unknown) => {
    throw error instanceof IssuerUnavailableError ? new EntraError('issuerUnavailable', [], { cause: error }) : error
  })
  if (result.outcome === 'issuer') return undefined
  if (result.outcome !== 'matched') throw rejectionOf(result.outcome, token, appId, context.clock.now())
  const { servicePrincipal, credentialId } = result
  return { kind: 'confidential', servicePrincipal, credentialId, credentialExpiresAtMs: neverMs, method: 'federated' }
}

function rejectionOf(
  outcome: Exclude<WorkloadTokenResult['outcome'], 'matched' | 'issuer'>,
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
      return new EntraError('assertionSignature', ['The signature was not created with a key of the issuer.'])
    case 'disabled':
      return new EntraError('disabledApplication', [appId])
    case 'expired':
    case 'not-yet-valid':
    case 'no-times':
    case 'lifetime':
      return assertionTime(token, nowMs)
  }
}
