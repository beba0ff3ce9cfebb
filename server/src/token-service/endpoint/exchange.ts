import { type DecisionRecord, failedBefore, hasRole } from '../../authorization/index.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import type { IdentityRejection, RejectedToken } from '../../identity/index.ts'
import { TokenError, authenticationRequired } from './errors.ts'
import type { TokenContext } from './context.ts'
import { type AuditedCaller, auditedCallerOf, auditedOwnerOf, budgetOf, unknownCaller } from '../tokens/credential.ts'
import { audiencesAt, identityCredential } from '../tokens/identity-token.ts'
import type { ExchangeResponse } from './responses.ts'
import { type TokenCall, field, requireForm, requireService } from './token-request.ts'
import { narrowedScope, requestedNarrowing } from './narrowing.ts'
import {
  explainRejectedIdentityToken,
  presentedText,
  recordPresented,
  rejectionText,
} from '../denials/rejected-identity-token.ts'

/** The accepted grant types. Kubelet credential providers still send the second one. [acr-protocol §1.4] */
const grantTypes = new Set(['access_token', 'access_token_refresh_token'])

/**
 * `POST /oauth2/exchange`: exchanges an IdP access token for an ACR refresh token. Any role on the registry suffices, even
 * one without rights on data, because every use of the token is authorized again. [acr-protocol §1.4]
 *
 * An extension of ACR also accepts workload tokens that a federated credential trusts, so that a CI job signs in with one
 * request and no secret. `client_id` names the application if several trust the token. Another extension narrows the login:
 * see {@link requestedNarrowing}.
 *
 * @throws TokenError 400 for an invalid form, 401 for a token that does not authenticate a principal with a role here
 */
export async function exchange(context: TokenContext, call: TokenCall): Promise<string> {
  const { registry, origin, parameters, revision, issued } = call
  const form = requireForm(parameters)
  const grantType = field(form, 'grant_type')
  if (!grantTypes.has(grantType ?? '')) {
    throw new TokenError('BAD_REQUEST', 'grant_type must be access_token or access_token_refresh_token')
  }
  const accessToken = field(form, 'access_token')
  if (accessToken === undefined) throw new TokenError('BAD_REQUEST', 'access_token is missing')
  requireService(context, form, registry)
  const narrowing = requestedNarrowing(form)

  // A parameter without a value is treated as omitted. [RFC 6749 §3.1]
  const clientId = field(form, 'client_id')
  const appId = clientId === '' ? undefined : clientId
  const verified = await context.identity.verifyIncomingToken(accessToken, audiencesAt(registry), appId)
  if (!verified.ok) {
    const { reason, owner } = verified
    const decision = await explainRejection(context, accessToken, appId, verified)
    const caller = owner === undefined ? unknownCaller : auditedOwnerOf(owner)
    return denyExchange(context, call, { ...caller, reason, decision })
  }
  const { identity } = verified
  const presented = recordPresented(identity.presented, false)
  const credential = identityCredential(identity)
  const caller = auditedCallerOf(credential, registry)
  if (!(await namesTenant(context, form, identity.tenantId)))
    return denyExchange(context, call, {
      ...caller,
      reason: 'foreign-tenant',
      decision: { ...failedBefore('foreign-tenant'), ...presented },
    })
  const { objectId } = identity.principal
  const principal = { kind: 'directory', objectId, groupIds: await context.directory.groupIdsOf(objectId) } as const
  const rights = await context.access.rightsAt(principal, registry)
  if (!hasRole(rights)) {
    const decision = { ...context.explanations.explainNoRole({ principal, registry, rights }), ...presented }
    return denyExchange(context, call, { ...caller, reason: 'no-assignment', decision })
  }

  return budgetOf(context.budgets, credential, registry, origin.remoteAddress).spend(async () => {
    const narrowedTo = narrowing?.access
    const { token, issuedAtMs, expiresAtMs } = await context.tokens.issue('refresh_token', {
      registry,
      credential,
      tenantId: identity.tenantId,
      narrowedTo,
      notAfterMs: earliest(
        identity.credentialExpiresAtMs,
        narrowing && context.clock.now() + narrowing.lifeSeconds * 1000,
      ),
    })
    const event = {
      action: 'token.exchange',
      outcome: 'success',
      ...caller,
      target: registry.loginServer,
      ...(narrowedTo !== undefined && { detail: { narrowedTo: narrowedScope(narrowedTo) } }),
      origin,
    } as const
    await issued.record(revision, event, () => context.audit.append(event))
    const response: ExchangeResponse = {
      refresh_token: token,
      ...(narrowedTo !== undefined && { scope: narrowedScope(narrowedTo) }),
      ...(narrowing !== undefined && { expires_in: Math.floor((expiresAtMs - issuedAtMs) / 1000) }),
    }
    return JSON.stringify(response)
  })
}

function earliest(...timesMs: readonly (number | undefined)[]): number | undefined {
  const known = timesMs.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** A valid token for ARM is rejected only by the policy of the registry. */
async function explainRejection(
  { identity, directory }: TokenContext,
  token: string,
  appId: string | undefined,
  denied: RejectedToken,
): Promise<DecisionRecord> {
  const isForArm = denied.reason === 'audience' && (await identity.verifyIncomingToken(token, ['arm'], appId)).ok
  return isForArm
    ? failedBefore('arm-tokens-are-rejected', { kind: 'enable-arm-tokens' })
    : explainRejectedIdentityToken(directory, denied)
}

/** The tenant is optional. If it is sent, it must be that of the token. */
async function namesTenant({ directory }: TokenContext, form: Form, tokenTenantId: string): Promise<boolean> {
  const named = field(form, 'tenant')?.toLowerCase()
  if (named === undefined || named === '' || named === tokenTenantId) return true
  const { tenantId, defaultDomain } = await directory.tenant()
  return tokenTenantId === tenantId && named === defaultDomain
}

type ExchangeFailure = IdentityRejection | 'foreign-tenant' | 'no-assignment'

async function denyExchange(
  { audit, denials }: TokenContext,
  { registry, origin }: TokenCall,
  {
    reason,
    decision,
    ...caller
  }: AuditedCaller & { readonly reason: ExchangeFailure; readonly decision: DecisionRecord },
): Promise<never> {
  await audit.append({
    action: 'token.exchange',
    outcome: 'refused',
    ...caller,
    target: registry.loginServer,
    reason,
    detail: { decision },
    origin,
  })
  const message = authenticationRequired(origin, `${explain(reason)}${presentedText(decision)}`)
  throw new TokenError('UNAUTHORIZED', message, { challenge: denials.challenge(registry) })
}

function explain(reason: ExchangeFailure): string {
  if (reason === 'no-assignment') return 'the identity has no role on this registry'
  if (reason === 'foreign-tenant') return 'token validation failed'
  return rejectionText(reason, 'set client_id to the client id of one application')
}
