import type { Audit } from '../../audit/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import { signAccessToken } from '../tokens/access-token.ts'
import type { Audiences } from '../tokens/audiences.ts'
import { parseDefaultScope } from '../tokens/scopes.ts'
import { EntraError } from '../tokens/errors.ts'
import type { TokenVersion } from '../tokens/tenants.ts'
import type { TokenForm } from '../tokens/token-form.ts'
import type { Grant } from './grant.ts'
import { tokenResponseV1, tokenResponseV2 } from './token-response.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** Creates the grant of applications that act for themselves. [RFC 6749 §4.4] */
export function createClientCredentialsGrant(options: {
  readonly clock: Clock
  readonly audit: Audit
  readonly keys: KeyRing
  readonly audiences: Audiences
  readonly publicOrigin: PublicOrigin
}): Grant {
  const { clock, audit, keys, audiences, publicOrigin } = options
  return async ({ form, version, addressed, client, origin, progress }) => {
    if (addressed.kind === 'any') throw new EntraError('noTenant')
    if (client.kind === 'public') throw new EntraError('missingSecret')
    const { tenantId } = addressed.tenant
    const resource = requireResource(form, version)
    const found = audiences.find(resource)
    if (found === undefined || found.audience === 'userinfo')
      throw new EntraError('unknownResource', [resource, tenantId])
    progress.resource = found.aud
    const { servicePrincipal, credentialId, credentialExpiresAtMs } = client
    const credential = { credentialId, credentialKind: credentialKinds[client.method], credentialExpiresAtMs }
    const request = { servicePrincipal, ...credential, tenantId, aud: found.aud, version }
    const issued = await signAccessToken(keys, publicOrigin, clock.now(), request)
    await audit.append({
      action: 'identity-token.issue',
      outcome: 'success',
      actor: { kind: 'service-principal', id: servicePrincipal.objectId },
      credential: { kind: auditedKinds[client.method], id: credentialId },
      target: found.aud,
      detail: { appId: servicePrincipal.appId, credentialId, uti: issued.uti },
      origin,
    })
    return version === '2.0' ? tokenResponseV2(issued) : tokenResponseV1(issued, found.aud)
  }
}

const credentialKinds = {
  client_secret: 'client-secret',
  certificate: 'certificate',
  federated: 'federated-credential',
  machine_assertion: 'machine',
} as const

/** The kinds of credentials in the audit log. */
const auditedKinds = { ...credentialKinds, machine_assertion: 'machine-key' } as const

function requireResource(form: TokenForm, version: TokenVersion): string {
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
