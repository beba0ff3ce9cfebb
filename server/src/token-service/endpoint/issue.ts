import { type DecisionRecord, allowedPart, withinLimit } from '../../authorization/index.ts'
import type { RecurringEvent } from '../../audit/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import type { Registry } from '../../resources/index.ts'
import { type AccessScope, formatAccessScope, intersectAccess } from '@acrux/shared/standards/oauth/access-scope.ts'
import { prepareToken, publicAccess } from '../tokens/acr-token-claims.ts'
import type { Authentication } from '../tokens/authenticate-password.ts'
import { recordWorkloadSignIn } from '../tokens/workload-token.ts'
import {
  type AuditedCaller,
  auditedCallerOf,
  budgetOf,
  credentialStands,
  standingPrincipal,
} from '../tokens/credential.ts'
import type { TokenContext } from './context.ts'
import { TokenError, authenticationRequired, wrongCredentialsMessage } from './errors.ts'
import type { IssuedEvents } from './issued-events.ts'
import type { PreparedIssue, SignedResponse } from './issue-cache.ts'

/** How many characters of the requested access are recorded. */
const maxRequestedLength = 1000

/** The circumstances of a token request. */
export type IssueCall = {
  readonly registry: Registry
  readonly origin: Origin
  /** The revision of authority, read before everything that the response depends on. */
  readonly revision: number
  readonly issued: IssuedEvents
  /** The key of the request in the cache; undefined if it is not cached. */
  readonly key: string | undefined
}

/** A token request by an authenticated caller. */
export type IssueRequest = {
  readonly authentication: Authentication
  readonly requested: readonly AccessScope[]
  /** Whether the response has a refresh token: the one that was sent, or a new one for a workload token. */
  readonly offline: boolean
}

/**
 * Issues a token for the requested access that is allowed, and returns the response. Less access than requested, even
 * none, is not an error. [distribution spec/auth/token.md]
 */
export async function issue(context: TokenContext, call: IssueCall, request: IssueRequest): Promise<string> {
  const { credential } = request.authentication
  const budget = budgetOf(context.budgets, credential, call.registry, call.origin.remoteAddress)
  return budget.spend(() => issueWithin(context, call, request, budget))
}

async function issueWithin(
  context: TokenContext,
  call: IssueCall,
  { authentication, requested, offline }: IssueRequest,
  budget: CallerBudget,
): Promise<string> {
  const { registry, origin, revision, issued, key } = call
  const { credential, expiresAtMs: notAfterMs, narrowedTo } = authentication
  const deletionsSeen = authentication.deletionsSeen ?? (await context.repositoryDeletions())
  const caller = auditedCallerOf(credential, registry)
  const principal = await standingPrincipal(context, registry, credential)
  if (principal === undefined) {
    const decision = await context.explanations.explainCredential(registry, credential)
    return denyIssue(context, call, requested, { ...caller, reason: 'credential-withdrawn', decision })
  }
  const wanted = withUntag(requested)
  const rights = await context.access.rightsAt(principal, registry)
  const allowed = allowedPart(rights, wanted)
  const access = narrowedTo === undefined ? allowed : intersectAccess(allowed, narrowedTo)
  const scope = publicAccess(access).map(formatAccessScope).join(' ')
  const refreshToken = offline ? await refreshTokenFor(context, registry, authentication) : undefined
  const isComplete = isWhole(access, wanted)
  const decided = { registry, principal, rights, tokenAccess: narrowedTo }
  const leftOut = isComplete ? {} : context.explanations.explainSmallerToken(decided, requested, access)
  const event: RecurringEvent = {
    action: 'token.issue',
    outcome: 'success',
    ...caller,
    target: registry.loginServer,
    detail: { ...requestedDetail(requested), granted: scope.slice(0, 512), ...leftOut },
  }
  const { workload } = authentication
  if (workload !== undefined)
    await issued.record(revision, workload, () =>
      recordWorkloadSignIn(context.audit, registry, origin, { credential, workload, sentTo: 'token-endpoint' }),
    )
  const prepared: PreparedIssue = {
    credential,
    expiresAtMs: workload?.verifyAgainMs ?? notAfterMs ?? Infinity,
    token: prepareToken('access_token', { registry, credential, access, notAfterMs, deletionsSeen }),
    event,
    appendEvent: context.audit.prepare(event),
    responseEnd: JSON.stringify({
      scope,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    }).slice(1),
    latest: undefined,
    budget,
  }
  const document = await respond(context, prepared, call)
  // Anonymous callers could fill the cache, a refresh token is a secret, and a missing right may be granted later.
  const isCached = credential.kind !== 'anonymous' && refreshToken === undefined && isComplete
  if (key !== undefined && isCached) context.issueCache.set(revision, registry, key, prepared)
  return document
}

/** The refresh token that was sent. For a workload token, a new refresh token, as the exchange issues it. */
async function refreshTokenFor(
  { tokens }: TokenContext,
  registry: Registry,
  { credential, refreshToken, workload }: Authentication,
): Promise<string | undefined> {
  if (workload === undefined) return refreshToken
  const { tenantId } = workload
  return (await tokens.issue('refresh_token', { registry, credential, tenantId })).token
}

/**
 * Issues the token of a cached request: the same token within one second, otherwise a new one, each with its own audit
 * event. Undefined if the request is not cached, or its credential is no longer valid.
 */
export async function reissue(context: TokenContext, call: IssueCall): Promise<string | undefined> {
  const { registry, revision, key } = call
  if (key === undefined) return undefined
  const prepared = context.issueCache.get(revision, registry, key, context.clock.now())
  if (prepared === undefined) return undefined
  // A revocation moves the revision, and the passing of time does not.
  if (!(await credentialStands(context, registry, prepared.credential))) return undefined
  return prepared.budget.spend(() => respond(context, prepared, call))
}

/** Responds after the audit event is durable. Responses within one second are the same, to save signatures. */
async function respond(
  context: TokenContext,
  prepared: PreparedIssue,
  { origin, revision, issued }: Pick<IssueCall, 'origin' | 'revision' | 'issued'>,
): Promise<string> {
  const second = Math.floor(context.clock.now() / 1000)
  const { document } = prepared.latest?.second === second ? prepared.latest : await sign(context, prepared)
  await issued.record(revision, prepared.event, () => prepared.appendEvent(origin))
  return document
}

/** The response of the token endpoint. ACR sends only the first member; others save clients requests. [acr-protocol §1.7] */
async function sign({ tokens }: TokenContext, prepared: PreparedIssue): Promise<SignedResponse> {
  const { token, issuedAtMs, expiresAtMs } = await tokens.issuePrepared(prepared.token)
  const second = Math.floor(issuedAtMs / 1000)
  const times = `"expires_in":${expiresAtMs / 1000 - second},"issued_at":"${new Date(issuedAtMs).toISOString()}"`
  const document = `{"access_token":"${token}","token":"${token}",${times},${prepared.responseEnd}`
  prepared.latest = { second, document }
  return prepared.latest
}

/** Adds the action `untag` where it may be meant: `az` requests `delete` to untag, for which ACR requires no right to delete: see {@link RegistryNeed}. [acr-protocol §13 trap 23] */
export function withUntag(requested: readonly AccessScope[]): AccessScope[] {
  return requested.map((scope) => {
    const mayMeanUntag =
      scope.type === 'repository' && scope.actions.some((a) => a === 'delete' || a === 'metadata_write')
    return mayMeanUntag ? { ...scope, actions: [...scope.actions, 'untag'] } : scope
  })
}

/** Whether all requested access is granted. */
function isWhole(granted: readonly AccessScope[], wanted: readonly AccessScope[]): boolean {
  return JSON.stringify(granted) === JSON.stringify(wanted)
}

function requestedDetail(requested: readonly AccessScope[]) {
  return { asked: withinLimit(requested.slice(0, 20).map(formatAccessScope), maxRequestedLength) }
}

/** A denied token request: the caller, and the reasons for the audit event and for the decision log. */
export type DeniedIssue = AuditedCaller & {
  readonly reason: string
  readonly decision: DecisionRecord | undefined
  /** The message for the client; by default, that the name or the secret is wrong. */
  readonly message?: string | undefined
}

/** Denies a token and records the denial. @throws TokenError always */
export async function denyIssue(
  { audit, denials }: TokenContext,
  { registry, origin }: IssueCall,
  requested: readonly AccessScope[],
  { decision, reason, message: told = wrongCredentialsMessage, ...caller }: DeniedIssue,
): Promise<never> {
  await audit.append({
    action: 'token.issue',
    outcome: 'refused',
    ...caller,
    target: registry.loginServer,
    reason,
    detail: { ...requestedDetail(requested), granted: '', ...(decision !== undefined && { decision }) },
    origin,
  })
  const message = authenticationRequired(origin, reason === 'anonymous-pull-disabled' ? undefined : told)
  throw new TokenError('UNAUTHORIZED', message, { challenge: denials.challenge(registry) })
}
