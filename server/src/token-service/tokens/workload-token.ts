import type { Audit, AuditEvent } from '../../audit/index.ts'
import type { RejectedToken, VerifiedIdentity, VerifyWorkloadToken } from '../../identity/index.ts'
import type { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Registry } from '../../resources/index.ts'
import { shownText } from '@acrux/shared/standards/http/shown-text.ts'
import { type Credential, type StandingContext, acceptsWorkloadAudience, auditedCallerOf } from './credential.ts'

/** A workload token that was accepted in place of a password. */
export type WorkloadSignIn = {
  readonly issuer: string
  readonly subject: string
  readonly audience: string
  readonly tenantId: string
  readonly expiresAtMs: number
  /** When the token has to be verified again, because its issuer may have withdrawn the key. */
  readonly verifyAgainMs: number
}

/** The principal of a workload token, or why the token is not accepted. */
export type WorkloadTokenCheck =
  | { readonly ok: true; readonly credential: Credential; readonly workload: WorkloadSignIn }
  | {
      readonly ok: false
      readonly denied: RejectedToken
      /** The accepted audiences, if the token has another one, or several. */
      readonly wantedAudiences: readonly string[] | undefined
    }

/** The dependencies of the check. */
export type WorkloadTokenContext = Pick<StandingContext, 'resources'> & {
  readonly identity: { readonly verifyWorkloadToken: VerifyWorkloadToken }
  readonly budgets: CallerBudgets
  readonly clock: Clock
}

/** Three parts in base64url without padding. [RFC 7515 §2] */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** How long a verification is valid. The keys of the issuer are cached for an hour at most. */
const verifiedMs = 10 * 60 * 1000

/**
 * Checks a workload token that a client sent in place of a password. Its only audience must be a host of the registry, or
 * one that is set for the registry, and a federated credential must trust the token. Without `appId`, exactly one
 * application may trust it. Undefined for any text that is not a token of an external issuer. An extension of ACR.
 */
export async function checkWorkloadToken(
  { identity, resources, clock }: Omit<WorkloadTokenContext, 'budgets'>,
  registry: Registry,
  text: string,
  appId: string | undefined,
): Promise<WorkloadTokenCheck | undefined> {
  if (!compactForm.test(text)) return undefined
  const verdict = await identity.verifyWorkloadToken(text, appId)
  if (verdict === undefined) return undefined
  const presented = verdict.ok ? verdict.identity.presented : verdict.presented
  const audience = presented?.audience
  const isForRegistry = audience !== undefined && acceptsWorkloadAudience(resources, registry, audience)
  if (!verdict.ok) {
    const isForOther = verdict.reason === 'audience' && !isForRegistry
    return { ok: false, denied: verdict, wantedAudiences: isForOther ? wantedBy(registry) : undefined }
  }
  const deny = (reason: 'audience' | 'expired' | 'claims') => ({
    ok: false as const,
    denied: { ok: false, reason, owner: ownerOf(verdict.identity), ...(presented && { presented }) } as const,
    wantedAudiences: reason === 'audience' ? wantedBy(registry) : undefined,
  })
  if (presented === undefined) return deny('claims')
  if (audience === undefined || !isForRegistry) return deny('audience')
  const { issuer, subject } = presented
  const { tenantId, expiresAtMs } = verdict.identity
  // A session ends when its token expires, without the leeway of an exchange.
  if (clock.now() >= expiresAtMs) return deny('expired')
  const verifyAgainMs = Math.min(expiresAtMs, clock.now() + verifiedMs)
  const workload = { issuer, subject, audience, tenantId, expiresAtMs, verifyAgainMs }
  return { ok: true, credential: toCredential(verdict.identity, audience), workload }
}

/**
 * Authenticates a workload token, within the budget of its sender, because anyone can invent tokens of a trusted issuer.
 * Undefined if the token is not accepted.
 *
 * @throws OverBudgetError
 */
export async function authenticateWorkloadToken(
  context: WorkloadTokenContext,
  registry: Registry,
  token: string,
  { appId, remoteAddress }: { readonly appId: string | undefined; readonly remoteAddress: string },
): Promise<Extract<WorkloadTokenCheck, { readonly ok: true }> | undefined> {
  if (!compactForm.test(token)) return undefined
  const budget = context.budgets.ofAddress(remoteAddress)
  const check = await budget.spend(() => checkWorkloadToken(context, registry, token, appId))
  return check?.ok === true ? check : undefined
}

/** Records that a workload token was accepted in place of a password. */
export async function recordWorkloadSignIn(
  audit: Audit,
  registry: Pick<Registry, 'name' | 'loginServer'>,
  origin: Origin,
  { credential, workload, sentTo }: Sent,
): Promise<void> {
  const { issuer, subject, audience, expiresAtMs } = workload
  const detail = { issuer, subject, audience: shownText(audience), expiresAt: new Date(expiresAtMs).toISOString() }
  await audit.append({
    action: 'token.workload-sign-in',
    outcome: 'success',
    ...auditedCallerOf(credential, registry),
    target: registry.loginServer,
    detail: { ...detail, sentTo } satisfies AuditEvent['detail'],
    origin,
  })
}

type Sent = {
  readonly credential: Credential
  readonly workload: WorkloadSignIn
  readonly sentTo: 'token-endpoint' | 'data-plane'
}

function wantedBy({ loginServer, workloadTokenAudiences }: Registry): readonly string[] {
  return [loginServer, ...workloadTokenAudiences]
}

function ownerOf({ principal, credentialId }: VerifiedIdentity) {
  return { kind: principal.kind, objectId: principal.objectId, credentialId }
}

function toCredential(
  { principal, appId, credentialId, credentialKind }: VerifiedIdentity,
  audience: string,
): Credential {
  return {
    kind: 'directory',
    principalKind: 'service-principal',
    objectId: principal.objectId,
    appId,
    subject: appId,
    credential: credentialId === undefined ? undefined : { kind: credentialKind, id: credentialId },
    workloadAudience: audience,
  }
}
