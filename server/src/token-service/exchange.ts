import { type DecisionRecord, failedBefore } from '../access/index.ts'
import type { AuditEvent } from '../audit/index.ts'
import type { Origin } from '../platform/http/app.ts'
import type { Form } from '../standards/http/form.ts'
import type { IdentityRefusal, RefusedToken, TokenAudience, TokenOwner, VerifiedIdentity } from '../identity/index.ts'
import type { Registry } from '../resources/index.ts'
import { TokenError } from './errors.ts'
import type { TokenRooms } from './token-rooms.ts'
import { type Credential, budgetOf, provedBy, takesArmTokens } from './credential.ts'
import { type TokenCall, field, requireForm, requireService } from './token-request.ts'
import { decisionOnToken, recordPresented } from './unproved-token.ts'

/** The grants of the exchange; the two old ones are still sent by kubelet providers. [acr-protocol §1.4] */
const grantTypes = new Set(['access_token', 'access_token_refresh_token'])

/**
 * `POST /oauth2/exchange`: an IdP access token for an ACR refresh token. Whoever has any role on the registry gets one,
 * be it without a right on data; what it may do is asked whenever it is used. [acr-protocol §1.4]
 *
 * The token of a CI job, or whatever else a federated credential trusts, is taken as well, which ACR does not: so a job
 * logs in with one request and no secret. `client_id` names the application where several trust the token.
 *
 * @throws TokenError 400 for a form that asks nothing sensible, 401 for everything that proves nobody here.
 */
export async function exchange(rooms: TokenRooms, { registry, origin, parameters }: TokenCall): Promise<string> {
  const form = requireForm(parameters)
  const grantType = field(form, 'grant_type')
  if (!grantTypes.has(grantType ?? '')) {
    throw new TokenError('BAD_REQUEST', 'grant_type must be access_token or access_token_refresh_token')
  }
  const accessToken = field(form, 'access_token')
  if (accessToken === undefined) throw new TokenError('BAD_REQUEST', 'access_token is missing')
  requireService(rooms, form, registry)

  // A field without a value counts as none. [RFC 6749 §3.1]
  const clientId = field(form, 'client_id')
  const appId = clientId === '' ? undefined : clientId
  const verified = await rooms.identity.verifyIncomingToken(accessToken, audiencesAt(registry), appId)
  if (!verified.ok) {
    const { reason, owner } = verified
    const decision = await decideOnToken(rooms, accessToken, appId, verified)
    return refuse(rooms, registry, origin, owner === undefined ? nobody : ownedBy(owner), reason, decision)
  }
  const { identity } = verified
  const presented = recordPresented(identity.presented, false)
  const credential = toCredential(identity)
  const who = provedBy(credential, registry)
  if (!(await namesTenant(rooms, form, identity.tenantId)))
    return refuse(rooms, registry, origin, who, 'foreign-tenant', { ...failedBefore('foreign-tenant'), ...presented })
  const { objectId } = identity.principal
  const principal = { kind: 'directory', objectId, groupIds: await rooms.directory.groupIdsOf(objectId) } as const
  if (!(await rooms.access.hasAssignment(principal, registry.id))) {
    const decision = { ...(await rooms.decisions.ofNoRole(principal, registry)), ...presented }
    return refuse(rooms, registry, origin, who, 'no-assignment', decision)
  }

  return budgetOf(rooms.budgets, credential, registry, origin.remoteAddress).spend(async () => {
    const { token } = await rooms.tokens.mint('refresh_token', {
      registry,
      credential,
      tenantId: identity.tenantId,
      notAfterMs: identity.credentialExpiresAtMs,
    })
    await rooms.audit.append({
      action: 'token.exchange',
      outcome: 'success',
      ...who,
      target: registry.loginServer,
      origin,
    })
    return JSON.stringify({ refresh_token: token })
  })
}

function audiencesAt(registry: Registry): readonly TokenAudience[] {
  return takesArmTokens(registry) ? ['acr', 'arm'] : ['acr']
}

/** A token for ARM that proves somebody is refused by the registry alone. */
async function decideOnToken(
  { identity, directory }: TokenRooms,
  token: string,
  appId: string | undefined,
  refused: RefusedToken,
): Promise<DecisionRecord> {
  const isForArm = refused.reason === 'audience' && (await identity.verifyIncomingToken(token, ['arm'], appId)).ok
  return isForArm
    ? failedBefore('arm-tokens-are-refused', { kind: 'enable-arm-tokens' })
    : decisionOnToken(directory, refused)
}

/** The tenant is optional; one that is sent has to be the token's. */
async function namesTenant({ directory }: TokenRooms, form: Form, tokenTenantId: string): Promise<boolean> {
  const named = field(form, 'tenant')?.toLowerCase()
  if (named === undefined || named === '' || named === tokenTenantId) return true
  const { tenantId, defaultDomain } = await directory.tenant()
  return tokenTenantId === tenantId && named === defaultDomain
}

function toCredential(identity: VerifiedIdentity): Credential {
  const { principal, appId, audience, credentialId, credentialKind } = identity
  return {
    kind: 'directory',
    principalKind: principal.kind,
    objectId: principal.objectId,
    appId,
    subject: principal.kind === 'user' ? principal.userPrincipalName : principal.appId,
    credential: credentialId === undefined ? undefined : { kind: credentialKind, id: credentialId },
    ...(audience === 'arm' ? { byArmToken: true } : {}),
  }
}

type Who = Pick<AuditEvent, 'actor' | 'credential'>

const nobody: Who = { actor: { kind: 'claimed', id: '' } }

function ownedBy({ kind, objectId, credentialId }: TokenOwner): Who {
  return { actor: { kind, id: objectId }, credential: { kind: 'identity-credential', id: credentialId } }
}

/** What whoever sent the token can do something about; of other refusals nothing is told. */
const explanations: ReadonlyMap<IdentityRefusal | 'foreign-tenant', string> = new Map([
  ['expired', 'the token has expired'],
  ['audience', 'the token is for another audience, or for several'],
  ['lifetime', 'the token is valid for longer than is accepted'],
  ['issuer', 'the issuer of the token is not trusted'],
  ['subject', 'no federated credential trusts the subject of the token'],
  ['several-applications', 'more than one application trusts the token, name one of them by client_id'],
  ['issuer-unavailable', 'the keys of the issuer of the token could not be had'],
])

async function refuse(
  { audit, refusals }: TokenRooms,
  registry: Registry,
  origin: Origin,
  who: Who,
  reason: IdentityRefusal | 'foreign-tenant' | 'no-assignment',
  decision: DecisionRecord,
): Promise<never> {
  await audit.append({
    action: 'token.exchange',
    outcome: 'refused',
    ...who,
    target: registry.loginServer,
    reason,
    detail: { decision },
    origin,
  })
  const message = `authentication required: ${explain(reason)}${presentedText(decision)}`
  throw new TokenError('UNAUTHORIZED', message, { challenge: refusals.challenge(registry) })
}

function explain(reason: IdentityRefusal | 'foreign-tenant' | 'no-assignment'): string {
  if (reason === 'no-assignment') return 'the identity has no role on this registry'
  const explanation = explanations.get(reason)
  return explanation === undefined ? 'token validation failed' : `token validation failed: ${explanation}`
}

/** Whoever sends a token may read what is in it; what is shown of it was verified. */
function presentedText({ presented }: DecisionRecord): string {
  if (presented === undefined) return ''
  const { issuer, subject, expiredAt } = presented
  return ` (${expiredAt === null ? '' : `expired at ${expiredAt}, `}issuer ${issuer}, subject ${subject})`
}
