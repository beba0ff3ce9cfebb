import type { IncomingMessage } from 'node:http'
import { type DecisionRecord, failedBefore } from '../../access/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type { Admission, Gate, HostedRegistry, RegistryCaller, RegistryNeed } from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { type NetworkRefusal, networkChange, networkRefusal } from '../../standards/azure/network-rules.ts'
import { parseAuthorization } from '../../standards/http/authorization-header.ts'
import type { DenialExplanations } from '../denials/explain-denial.ts'
import type { FailedAuthentications } from '../denials/failed-authentication.ts'
import { type Refusals, needAsAccess } from '../denials/refusals.ts'
import { RegistryCache } from '../limits/registry-cache.ts'
import type { Throttle } from '../limits/throttle.ts'
import { type AuditedCaller, auditedCallerOf, unknownCaller } from '../tokens/credential.ts'
import {
  type Authority,
  type Session,
  type SessionContext,
  currentAuthority,
  isAllowed,
  noteUse,
  openSession,
} from './session.ts'

/** The dependencies of the gate. */
export type GateContext = SessionContext & {
  readonly refusals: Refusals
  readonly denials: DenialExplanations
  readonly failures: FailedAuthentications
  readonly throttle: Throttle
}

/** A request to the data plane. */
type GateCall = { readonly origin: Origin; readonly registry: HostedRegistry; readonly need: RegistryNeed }

/** The caller of a denied request, and the reason for the decision log. */
type Denied = {
  /** Undefined without authentication. */
  readonly caller: AuditedCaller | undefined
  readonly decision: DecisionRecord | undefined
}

/** The maximum estimated size of all sessions. */
const maxSessionBytes = 64 * 1024 * 1024
/** How many met needs are cached for a session, and the estimated size of one without its text. */
const maxMetNeeds = 200
const metNeedBytes = 128

/** Creates the gate of the data plane. */
export function createGate(context: GateContext): Gate {
  const { database, clock, refusals } = context
  const sessions = new RegistryCache<Session>(maxSessionBytes)

  /** Caches that a need is met. Unmet needs are not cached: there is no limit to them. */
  function cacheMet(rid: string, header: string, session: Session, { met }: Authority, need: RegistryNeed): void {
    const key = needKey(need)
    if (met.size >= maxMetNeeds) met.clear()
    met.add(key)
    if (met.size <= session.needsWeighed) return
    session.needsWeighed = met.size
    sessions.addWeight(rid, header, key.length + metNeedBytes)
  }

  function admit(
    request: IncomingMessage,
    origin: Origin,
    registry: HostedRegistry,
    need: RegistryNeed,
  ): Admission | Promise<Admission> {
    const closed = networkRefusal(registry, origin.remoteAddress)
    if (closed !== undefined) return denyAddress({ origin, registry, need }, closed)
    const header = request.headers.authorization
    if (header === undefined) return { admitted: false, refusal: refusals.unauthenticated(registry, need) }
    const revision = database.authorityRevision()
    const session = sessions.getOn(request.socket, registry.rid, header)
    const nowMs = clock.now()
    if (session !== undefined && session.authority.revision === revision && nowMs < session.expiresAtMs) {
      const { standing, met, latestMet } = session.authority
      if (standing !== undefined && (latestMet === need || met.has(needKey(need)))) {
        session.authority.latestMet = need
        noteUse(context, session, nowMs)
        return admitWithinLimits(request, standing.registry, session.caller)
      }
    }
    return admitSlowly(request, header, { origin, registry, need }, session)
  }

  async function denyAddress(call: GateCall, reason: NetworkRefusal): Promise<Admission> {
    const { remoteAddress } = call.origin
    const decision = failedBefore(reason, networkChange(call.registry, reason, remoteAddress))
    await recordDenial(context, call, { caller: undefined, reason, decision })
    return { admitted: false, refusal: refusals.network(remoteAddress) }
  }

  /** Admits an authorized caller, unless it sends too many requests. */
  function admitWithinLimits(request: IncomingMessage, registry: Registry, caller: RegistryCaller): Admission {
    const retryAfterSeconds = context.throttle.spend(registry, caller.key, request)
    if (retryAfterSeconds === undefined) return { admitted: true, caller }
    return { admitted: false, refusal: refusals.throttled(retryAfterSeconds) }
  }

  async function admitSlowly(
    request: IncomingMessage,
    header: string,
    call: GateCall,
    known: Session | undefined,
  ): Promise<Admission> {
    const { registry, need } = call
    const session = known ?? (await openSession(context, header, registry))
    if (session === undefined) return denyHeader(call, header, await explainHeader(context, header, registry))
    // Parsed access takes about four times the size of the token.
    if (known === undefined) sessions.set(registry.rid, header, session, 4 * header.length)
    const authority = await currentAuthority(context, session, registry)
    if (clock.now() >= session.expiresAtMs || authority.standing === undefined) {
      sessions.delete(registry.rid, header)
      const caller = auditedCallerOf(session.credential, registry)
      return denyHeader(call, header, { caller, decision: await explainSession(session, authority, registry) })
    }
    if (await isAllowed(context, session.tokenAccess, authority.standing, need)) {
      cacheMet(registry.rid, header, session, authority, need)
      noteUse(context, session, clock.now())
      return admitWithinLimits(request, authority.standing.registry, session.caller)
    }
    const { credential, tokenAccess } = session
    const wanted = needAsAccess(need)
    const decision =
      wanted && (await context.denials.explainActions({ ...authority.standing, credential, tokenAccess }, wanted))
    const caller = auditedCallerOf(credential, registry)
    await recordDenial(context, call, { caller, reason: 'insufficient-scope', decision })
    return { admitted: false, refusal: refusals.insufficient(registry, need) }
  }

  /** Explains why a session is no longer valid. */
  async function explainSession(
    { expiresAtMs, credential, tokenGeneration, tokenKeyId }: Session,
    { standing }: Authority,
    { rid }: HostedRegistry,
  ): Promise<DecisionRecord | undefined> {
    if (standing !== undefined || clock.now() >= expiresAtMs) return failedBefore('credential-is-expired')
    const registry = await context.resources.findRegistryByRid(rid)
    if (registry === undefined) return undefined
    if (tokenKeyId !== undefined && !(await context.tokens.keyStands(tokenKeyId)))
      return failedBefore('key-was-withdrawn')
    const isOutdated = tokenGeneration !== undefined && tokenGeneration !== registry.tokenGeneration
    return isOutdated ? failedBefore('mode-was-switched') : context.denials.explainCredential(registry, credential)
  }

  async function denyHeader(call: GateCall, header: string, denied: Denied): Promise<Admission> {
    const isBasic = parseAuthorization(header).scheme === 'basic'
    await recordDenial(context, call, { ...denied, reason: 'invalid-credential' })
    return {
      admitted: false,
      refusal: isBasic ? refusals.wrongPassword() : refusals.invalidToken(call.registry, call.need),
    }
  }

  return {
    admit,
    refuseOutdated: async (origin, registry, need, caller) => {
      const decision = failedBefore('repository-was-made-again')
      const { actor, credential } = caller
      const denied = { caller: { actor, credential }, reason: 'invalid-credential', decision }
      await recordDenial(context, { origin, registry, need }, denied)
      return refusals.invalidToken(registry, need)
    },
  }
}

/** Explains why a header does not authenticate. */
async function explainHeader(
  { resources, failures }: GateContext,
  header: string,
  { rid }: HostedRegistry,
): Promise<Denied> {
  const authorization = parseAuthorization(header)
  const registry = await resources.findRegistryByRid(rid)
  if (registry === undefined) return { caller: undefined, decision: undefined }
  switch (authorization.scheme) {
    case 'bearer': {
      const { decision, ...caller } = await failures.explainToken(['access_token'], authorization.token, registry)
      return { caller, decision }
    }
    case 'basic': {
      const { decision, ...caller } = await failures.explainPassword(authorization, registry, { acceptTokens: false })
      return { caller, decision }
    }
    case 'none':
    case 'invalid':
      return { caller: undefined, decision: failedBefore('unusable-authorization') }
  }
}

function needKey(need: RegistryNeed): string {
  switch (need.kind) {
    case 'signed-in':
      return ''
    case 'catalog':
      return need.name
    case 'repository':
      // The name of a repository contains no space, so different needs have different keys.
      return `${need.repository} ${need.actions.join()} ${need.anyOf?.join() ?? ''}`
  }
}

function recordDenial(
  { audit }: GateContext,
  { origin, registry, need }: GateCall,
  { caller = unknownCaller, reason, decision }: Denied & { readonly reason: string },
): Promise<void> {
  const target = need.kind === 'repository' ? `${registry.loginServer}/${need.repository}` : registry.loginServer
  const asked = need.kind === 'repository' ? { actions: need.actions } : { need: need.kind }
  const detail = decision === undefined ? asked : { ...asked, decision }
  return audit.append({ action: 'data.access', outcome: 'refused', ...caller, target, reason, detail, origin })
}
