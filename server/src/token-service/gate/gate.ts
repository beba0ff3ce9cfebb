import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type DecisionRecord, failedBefore } from '../../authorization/index.ts'
import type { Origin } from '../../platform/http/app.ts'
import type {
  Admission,
  AdmittedCaller,
  Gate,
  HostedRegistry,
  RateClass,
  RegistryCaller,
  RegistryNeed,
} from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { type NetworkDenial, networkChange, networkDenial } from '@acrux/shared/standards/azure/network-rules.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import type { DenialExplanations } from '../denials/explain-denial.ts'
import type { FailedAuthentications } from '../denials/failed-authentication.ts'
import { type Denials, needAsAccess } from '../denials/denials.ts'
import { RegistryCache } from '../limits/registry-cache.ts'
import type { Throttle } from '../limits/throttle.ts'
import { type AuditedCaller, auditedCallerOf, unknownCaller } from '../tokens/credential.ts'
import { isValidAt } from '../tokens/acr-token.ts'
import { recordWorkloadSignIn } from '../tokens/workload-token.ts'
import {
  type Session,
  type SessionContext,
  type Standing,
  currentAuthority,
  isAllowed,
  noteUse,
  openSession,
  readAuthority,
} from './session.ts'

/** The dependencies of the gate. */
export type GateOptions = SessionContext & {
  readonly denials: Denials
  readonly explanations: Pick<DenialExplanations, 'explainActions' | 'explainCredential'>
  readonly failures: Pick<FailedAuthentications, 'explainBearer' | 'explainPassword'>
  readonly throttle: Throttle
}

type GateContext = GateOptions & {
  readonly sessions: RegistryCache<Session>
  readonly latest: LatestSessions
  /** The session of each admitted caller, even after it is no longer cached. */
  readonly ofCallers: WeakMap<RegistryCaller, Session>
}

/**
 * The session of the latest request of a connection. Most clients send the same header with every request, and comparing
 * it takes a third of the time of finding it among all headers.
 */
type LatestSessions = WeakMap<Socket, { readonly rid: string; readonly header: string; readonly session: Session }>

/** A request to the data plane. */
type GateCall = { readonly origin: Origin; readonly registry: HostedRegistry; readonly need: RegistryNeed }

/** The caller of a denied request, and the reason for the decision log. */
type Denied = {
  /** Undefined without authentication. */
  readonly caller: AuditedCaller | undefined
  readonly decision: DecisionRecord | undefined
  /** The message for the client, if it is not the usual one. */
  readonly message?: string | undefined
}

/** The maximum estimated size of all sessions. Admitting a known header takes 2 µs, and verifying a token 300 µs. */
const maxSessionBytes = 8 * 1024 * 1024

/** Creates the gate of the data plane. */
export function createGate(options: GateOptions): Gate {
  const context: GateContext = {
    ...options,
    sessions: new RegistryCache(maxSessionBytes),
    latest: new WeakMap(),
    ofCallers: new WeakMap(),
  }
  return {
    admit: (request, origin, registry, { need, rate }) => admit(context, request, { origin, registry, need }, rate),
    admitAgain: (request, origin, registry, { need, caller }) =>
      admitAgain(context, request, { origin, registry, need }, caller),
    denyOutdated: async (origin, registry, need, caller) => {
      const decision = failedBefore('repository-was-made-again')
      const { actor, credential } = caller
      const denied = { caller: { actor, credential }, reason: 'invalid-credential', decision }
      await recordDenial(context, { origin, registry, need }, denied)
      return context.denials.invalidToken(registry, need)
    },
  }
}

async function admit(
  context: GateContext,
  request: IncomingMessage,
  call: GateCall,
  rate: RateClass,
): Promise<Admission> {
  const { clock, denials } = context
  const { origin, registry, need } = call
  const closed = networkDenial(registry, origin.remoteAddress)
  if (closed !== undefined) return denyAddress(context, call, closed)
  const header = request.headers.authorization
  if (header === undefined) return { admitted: false, denial: denials.unauthenticated(registry, need) }
  const known = findSession(context, request.socket, registry, header)
  const isKnown = known !== undefined && (known.workload === undefined || clock.now() < known.workload.verifyAgainMs)
  const session = isKnown ? known : await authenticate(context, request.socket, header, call)
  if (session === undefined) {
    forgetSession(context, request.socket, registry, header)
    return denyHeader(context, call, header, await explainHeader(context, header, registry))
  }
  const revision = context.database.knownRevision() ?? (await context.database.authorityRevision())
  const isCurrent = session.authority.revision === revision
  const { standing } = isCurrent ? session.authority : await readAuthority(context, session, registry, revision)
  const nowMs = clock.now()
  if (standing === undefined || !isValidAt(session, nowMs)) {
    forgetSession(context, request.socket, registry, header)
    const decision = await explainSession(context, session, standing, registry)
    return denyHeader(context, call, header, { caller: auditedCallerOf(session.credential, registry), decision })
  }
  // The rules may have changed while the header was verified, or the permissions were read.
  const hasWaited = !isKnown || !isCurrent
  const closedNow = hasWaited ? networkDenial(standing.registry, origin.remoteAddress) : undefined
  if (closedNow !== undefined) return denyAddress(context, { ...call, registry: standing.registry }, closedNow)
  if (!isAllowed(session.tokenAccess, standing.rights, need)) return denyNeed(context, call, session, standing)
  noteUse(context, session, nowMs)
  return admitWithinLimits(context, { registry: standing.registry, session, revision }, rate)
}

/** Decides about a request that is under way. Its credential may have expired since the request was admitted. */
async function admitAgain(
  context: GateContext,
  request: IncomingMessage,
  call: GateCall,
  caller: AdmittedCaller,
): Promise<Admission> {
  const session = context.ofCallers.get(caller)
  if (session === undefined) throw new Error('a caller that was not admitted was authorized again')
  const { revision, standing } = await currentAuthority(context, session, call.registry)
  if (standing === undefined) {
    const { authorization: header = '' } = request.headers
    forgetSession(context, request.socket, call.registry, header)
    const decision = await explainSession(context, session, standing, call.registry)
    return denyHeader(context, call, header, { caller: auditedCallerOf(session.credential, call.registry), decision })
  }
  const closed = networkDenial(standing.registry, call.origin.remoteAddress)
  if (closed !== undefined) return denyAddress(context, { ...call, registry: standing.registry }, closed)
  if (!isAllowed(session.tokenAccess, standing.rights, call.need)) return denyNeed(context, call, session, standing)
  return { admitted: true, caller, revision }
}

function findSession(
  { sessions, latest }: GateContext,
  socket: Socket,
  { rid }: HostedRegistry,
  header: string,
): Session | undefined {
  const last = latest.get(socket)
  if (last?.header === header && last.rid === rid) return last.session
  const session = sessions.get(rid, header)
  if (session !== undefined) latest.set(socket, { rid, header, session })
  return session
}

function forgetSession(
  { sessions, latest }: GateContext,
  socket: Socket,
  { rid }: HostedRegistry,
  header: string,
): void {
  sessions.delete(rid, header)
  latest.delete(socket)
}

/** Authenticates a header, and caches the session. */
async function authenticate(
  context: GateContext,
  socket: Socket,
  header: string,
  { registry, origin }: GateCall,
): Promise<Session | undefined> {
  const session = await openSession(context, header, registry, origin.remoteAddress)
  if (session === undefined) return undefined
  const { credential, workload } = session
  if (workload !== undefined)
    await recordWorkloadSignIn(context.audit, registry, origin, { credential, workload, sentTo: 'data-plane' })
  context.ofCallers.set(session.caller, session)
  // Parsed access takes about four times the size of the token.
  context.sessions.set(registry.rid, header, session, 4 * header.length)
  context.latest.set(socket, { rid: registry.rid, header, session })
  return session
}

async function denyAddress(context: GateContext, call: GateCall, reason: NetworkDenial): Promise<Admission> {
  const { remoteAddress } = call.origin
  const decision = failedBefore(reason, networkChange(call.registry, reason, remoteAddress))
  await recordDenial(context, call, { caller: undefined, reason, decision })
  return { admitted: false, denial: context.denials.network(remoteAddress) }
}

async function denyHeader(context: GateContext, call: GateCall, header: string, denied: Denied): Promise<Admission> {
  const { denials } = context
  const isBasic = parseAuthorization(header).scheme === 'basic'
  await recordDenial(context, call, { ...denied, reason: 'invalid-credential' })
  const denial = isBasic ? denials.wrongPassword() : denials.invalidToken(call.registry, call.need)
  const { message = denial.message } = denied
  return { admitted: false, denial: { ...denial, message } }
}

async function denyNeed(
  context: GateContext,
  call: GateCall,
  { credential, tokenAccess }: Session,
  standing: Standing,
): Promise<Admission> {
  const { registry, need } = call
  const wanted = needAsAccess(need)
  const decision = wanted && context.explanations.explainActions({ ...standing, tokenAccess }, wanted)
  const caller = auditedCallerOf(credential, registry)
  await recordDenial(context, call, { caller, reason: 'insufficient-scope', decision })
  return { admitted: false, denial: context.denials.insufficient(registry, need) }
}

type Admitted = { readonly registry: Registry; readonly session: Session; readonly revision: number }

/** Admits an authorized caller, unless it sends too many requests. */
function admitWithinLimits(
  { throttle, denials }: GateContext,
  { registry, session: { caller }, revision }: Admitted,
  rate: RateClass,
): Admission {
  const retryAfterSeconds = throttle.spend(registry, caller.key, rate)
  if (retryAfterSeconds === undefined) return { admitted: true, caller, revision }
  return { admitted: false, denial: denials.throttled(retryAfterSeconds) }
}

/** Explains why a session is no longer valid. */
async function explainSession(
  context: GateContext,
  { expiresAtMs, credential, tokenGeneration, tokenKeyId }: Session,
  standing: Standing | undefined,
  { rid }: HostedRegistry,
): Promise<DecisionRecord | undefined> {
  if (standing !== undefined || context.clock.now() >= expiresAtMs) return failedBefore('credential-is-expired')
  const registry = await context.resources.findRegistryByRid(rid)
  if (registry === undefined) return undefined
  if (tokenKeyId !== undefined && !(await context.tokens.keyStands(tokenKeyId)))
    return failedBefore('key-was-withdrawn')
  const isOutdated = tokenGeneration !== undefined && tokenGeneration !== registry.tokenGeneration
  return isOutdated ? failedBefore('mode-was-switched') : context.explanations.explainCredential(registry, credential)
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
      const { decision, message, ...caller } = await failures.explainBearer(authorization.token, registry)
      return { caller, decision, message }
    }
    case 'basic': {
      const options = { acceptTokens: false }
      const { decision, message, ...caller } = await failures.explainPassword(authorization, registry, options)
      return { caller, decision, message }
    }
    case 'none':
    case 'invalid':
      return { caller: undefined, decision: failedBefore('unusable-authorization') }
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
