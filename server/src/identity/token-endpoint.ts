import type { Audit } from '../audit/index.ts'
import type { ClientSecretCheck, Directory } from '../directory/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Call } from '../platform/http/surface.ts'
import type { KeyRing } from '../platform/signing-keys/key-ring.ts'
import { createSenderBudget } from '../platform/sender-budget.ts'
import { parseGuid } from '../spec/guid.ts'
import { type AccessToken, signAccessToken } from './access-token.ts'
import { type Audiences, parseDefaultScope } from './audiences.ts'
import { type ClientCredentials, readClientCredentials, readTokenForm } from './client-credentials.ts'
import { EntraError } from './entra-errors.ts'
import { type TokenVersion, requireTenant } from './tenants.ts'

export type TokenEndpointOptions = {
  readonly directory: Directory
  readonly clock: Clock
  readonly audit: Audit
  readonly keys: KeyRing
  readonly audiences: Audiences
  readonly publicOrigin: string
}

/**
 * How many refusals are answered in full. It protects the disk, to which each is written, from a client in a loop; secrets
 * of 256 bits need no protection from guessing. What succeeds is never held up, so nobody can lock anybody out.
 */
const refusalAllowance = { burst: 600, perSecond: 10 }

/** What an audit event can tell of a request, as far as it was understood. */
type Progress = { clientId?: string; resource?: string; basic?: boolean }

/** Makes the handler of `POST /{tenant}/oauth2/token` (version 1) or `POST /{tenant}/oauth2/v2.0/token` (version 2). */
export function createTokenEndpoint(options: TokenEndpointOptions) {
  const { audit, clock } = options
  const budget = createSenderBudget(clock, refusalAllowance)

  return async (call: Call<undefined>, version: TokenVersion): Promise<unknown> => {
    call.reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const progress: Progress = {}
    try {
      return await issue(options, call, version, progress)
    } catch (error) {
      if (!(error instanceof EntraError)) throw error
      if (progress.basic === true && error.status === 401) {
        call.reply.header('www-authenticate', 'Basic realm="Acrux"')
      }
      // What was only claimed is written down only if it could be true.
      const claimed = parseGuid(progress.clientId ?? '') ?? ''
      if (!budget.spend(call.origin.remoteAddress)) {
        call.reply.header('retry-after', '5')
        throw new EntraError('tooManyRefusals', [], { cause: error })
      }
      await audit.append({
        action: 'identity-token.issue',
        outcome: 'refused',
        actor: { kind: 'claimed', id: claimed },
        target: progress.resource ?? '',
        reason: `AADSTS${error.number}`,
        origin: call.origin,
      })
      throw error
    }
  }
}

async function issue(
  options: TokenEndpointOptions,
  call: Call<undefined>,
  version: TokenVersion,
  progress: Progress,
): Promise<unknown> {
  const { directory, audit, audiences, keys, clock, publicOrigin } = options
  const form = readTokenForm(call.request.body, call.request.query)
  const grantType = form.get('grant_type')
  if (grantType === undefined || grantType === '') throw new EntraError('missingParameter', ['grant_type'])
  if (grantType !== 'client_credentials') throw new EntraError('unsupportedGrant', [grantType])
  const addressed = await requireTenant(directory, call.params['tenant'] ?? '')
  if (addressed.kind === 'any') throw new EntraError('noTenant')
  const { tenantId } = addressed.tenant
  const client = readClientCredentials(form, call.request.headers.authorization)
  progress.clientId = client.clientId
  progress.basic = client.basic
  const resource = requireResource(form, version)
  const found = audiences.find(resource)
  if (found === undefined) throw new EntraError('unknownResource', [resource, tenantId])
  progress.resource = found.aud
  const proof = await directory.checkClientSecret(client.clientId, client.clientSecret)
  const { servicePrincipal, credentialId, expiresAtMs } = requireProof(proof, client, tenantId)
  const request = {
    servicePrincipal,
    credentialId,
    credentialExpiresAtMs: expiresAtMs,
    tenantId,
    aud: found.aud,
    version,
  }
  const issued = await signAccessToken(keys, publicOrigin, clock.now(), request)
  await audit.append({
    action: 'identity-token.issue',
    outcome: 'success',
    actor: { kind: 'service-principal', id: servicePrincipal.objectId },
    target: found.aud,
    detail: { appId: servicePrincipal.appId, credentialId, uti: issued.uti },
    origin: call.origin,
  })
  return version === '2.0' ? answerV2(issued) : answerV1(issued, found.aud)
}

function requireResource(form: ReadonlyMap<string, string>, version: TokenVersion): string {
  const resource = form.get('resource')
  if (version === '1.0') {
    if (resource === undefined || resource === '') throw new EntraError('missingScope', ['resource'])
    return resource
  }
  if (resource !== undefined) throw new EntraError('resourceWithV2')
  const scope = parseDefaultScope(form.get('scope') ?? '')
  switch (scope.kind) {
    case 'resource':
      return scope.resource
    case 'not-default':
      throw new EntraError('scopeNotDefault', [scope.scope])
    case 'several':
      throw new EntraError('invalidScope')
    case 'none':
      throw new EntraError('missingScope', ['scope'])
  }
}

function requireProof(
  check: ClientSecretCheck,
  { clientId }: ClientCredentials,
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

/** One second less, so that no client uses a token in its last one. [Entra, client credentials flow] */
function expiresInSeconds({ issuedAtSeconds, expiresAtSeconds }: AccessToken): number {
  return Math.max(0, expiresAtSeconds - issuedAtSeconds - 1)
}

function answerV2(issued: AccessToken) {
  const seconds = expiresInSeconds(issued)
  return { token_type: 'Bearer', expires_in: seconds, ext_expires_in: seconds, access_token: issued.token }
}

/** Numbers are strings in version 1. */
function answerV1(issued: AccessToken, resource: string) {
  const seconds = String(expiresInSeconds(issued))
  return {
    token_type: 'Bearer',
    expires_in: seconds,
    ext_expires_in: seconds,
    expires_on: String(issued.expiresAtSeconds),
    not_before: String(issued.issuedAtSeconds),
    resource,
    access_token: issued.token,
  }
}
