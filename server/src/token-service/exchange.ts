import type { Origin } from '../platform/http/app.ts'
import type { Form } from '../spec/form.ts'
import type { Identity, TokenAudience, VerifiedIdentity } from '../identity/index.ts'
import type { Registry } from '../resources/index.ts'
import { TokenError } from './errors.ts'
import type { TokenRooms } from './token-rooms.ts'
import { type Credential, auditActor } from './credential.ts'
import { field, requireService } from './token-request.ts'

/** The grants of the exchange; the two old ones are still sent by kubelet providers. [acr-protocol §1.4] */
const grantTypes = new Set(['access_token', 'access_token_refresh_token'])

/**
 * `POST /oauth2/exchange`: an IdP access token for an ACR refresh token. Whoever has any role on the registry gets one,
 * be it without a right on data; what it may do is asked whenever it is used. [acr-protocol §1.4]
 *
 * @throws TokenError 400 for a form that asks nothing sensible, 401 for everything that proves nobody here.
 */
export async function exchange(
  rooms: TokenRooms,
  registry: Registry,
  form: Form,
  origin: Origin,
): Promise<{ refresh_token: string }> {
  const grantType = field(form, 'grant_type')
  if (!grantTypes.has(grantType ?? '')) {
    throw new TokenError('BAD_REQUEST', 'grant_type must be access_token or access_token_refresh_token')
  }
  const accessToken = field(form, 'access_token')
  if (accessToken === undefined) throw new TokenError('BAD_REQUEST', 'access_token is missing')
  requireService(form, registry)

  const identity = await verify(rooms.identity, registry, accessToken)
  if (identity === undefined) return refuse(rooms, registry, origin, undefined, 'token-validation')
  const credential = toCredential(identity)
  if (!(await namesTenant(rooms, form))) return refuse(rooms, registry, origin, credential, 'foreign-tenant')
  const { objectId } = identity.principal
  const groupIds = await rooms.directory.groupIdsOf(objectId)
  if (!(await rooms.access.hasAssignment({ kind: 'directory', objectId, groupIds }, registry.id))) {
    return refuse(rooms, registry, origin, credential, 'no-assignment')
  }

  const { token } = await rooms.tokens.mint('refresh_token', {
    registry,
    credential,
    tenantId: identity.tenantId,
    notAfterMs: identity.credentialExpiresAtMs,
  })
  const actor = auditActor(credential, registry)
  await rooms.audit.append({
    action: 'token.exchange',
    outcome: 'success',
    actor,
    target: registry.loginServer,
    origin,
  })
  return { refresh_token: token }
}

async function verify(identity: Identity, registry: Registry, token: string): Promise<VerifiedIdentity | undefined> {
  const armToo = registry.policies.azureADAuthenticationAsArmPolicy.status === 'enabled'
  const audiences: readonly TokenAudience[] = armToo ? ['acr', 'arm'] : ['acr']
  const verified = await identity.verifyAccessToken(token, audiences)
  return verified.ok ? verified.identity : undefined
}

/** The tenant is optional; one that is sent has to be ours. */
async function namesTenant({ directory }: TokenRooms, form: Form): Promise<boolean> {
  const named = field(form, 'tenant')?.toLowerCase()
  if (named === undefined || named === '') return true
  const { tenantId, defaultDomain } = await directory.tenant()
  return named === tenantId || named === defaultDomain
}

function toCredential({ principal, appId, credentialId }: VerifiedIdentity): Credential {
  return {
    kind: 'directory',
    principalKind: principal.kind,
    objectId: principal.objectId,
    appId,
    subject: principal.kind === 'user' ? principal.userPrincipalName : principal.appId,
    credentialId,
  }
}

async function refuse(
  { audit, refusals }: TokenRooms,
  registry: Registry,
  origin: Origin,
  credential: Credential | undefined,
  reason: string,
): Promise<never> {
  const actor = credential === undefined ? ({ kind: 'claimed', id: '' } as const) : auditActor(credential, registry)
  await audit.append({
    action: 'token.exchange',
    outcome: 'refused',
    actor,
    target: registry.loginServer,
    reason,
    origin,
  })
  const message =
    reason === 'no-assignment'
      ? 'authentication required: the identity has no role on this registry'
      : 'authentication required: token validation failed'
  throw new TokenError('UNAUTHORIZED', message, { challenge: refusals.challenge(registry) })
}
