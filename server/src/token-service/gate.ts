import type { IncomingMessage } from 'node:http'
import { type DecisionRecord, type Principal, failedBefore } from '../access/index.ts'
import type { Audit, AuditEvent } from '../audit/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Origin } from '../platform/http/app.ts'
import type { Database } from '../platform/sql/database.ts'
import type { Registry } from '../resources/index.ts'
import { type AccessScope, covers } from '../standards/oauth/access-scope.ts'
import { parseAuthorization } from '../standards/http/authorization-header.ts'
import { type NetworkRefusal, networkChange, networkRefusal } from '../standards/azure/network-rules.ts'
import type { AcrTokens } from './acr-token.ts'
import { type Credential, type StandingRooms, callerKey, provedBy, standingPrincipal } from './credential.ts'
import type { Decisions } from './decisions.ts'
import { provePassword } from './prove.ts'
import { type Refusals, needAsAccess } from './refusals.ts'
import { SessionMemory } from './session-memory.ts'
import type { Throttle } from './throttle.ts'
import type { UnprovedCredentials } from './unproved.ts'
import type { DataPlaneAdmission, DataPlaneCaller, DataPlaneNeed, RegistryAddress, DataPlaneRefusal } from './model.ts'

/** Answers, at every request to the data plane, whether this caller may do this here. Shaped to fit the registry's port. */
export interface DataPlaneGate {
  admit(
    request: IncomingMessage,
    origin: Origin,
    registry: RegistryAddress,
    need: DataPlaneNeed,
  ): DataPlaneAdmission | Promise<DataPlaneAdmission>
  /** The refusal of a credential that was issued before the repository it is used on was deleted. */
  refuseOutdated(
    origin: Origin,
    registry: RegistryAddress,
    need: DataPlaneNeed,
    caller: Pick<DataPlaneCaller, 'actor' | 'credential'>,
  ): Promise<DataPlaneRefusal>
}

export type GateOptions = StandingRooms & {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly tokens: AcrTokens
  readonly refusals: Refusals
  readonly decisions: Decisions
  readonly unproved: UnprovedCredentials
  readonly throttle: Throttle
}

/** What a sender's header proved once: a signature or a secret is checked once a header. */
type Session = {
  readonly credential: Credential
  /** A token's own access; undefined for a password, which may do all that its principal may. */
  readonly tokenAccess: readonly AccessScope[] | undefined
  /** Of the registry when the token was issued; undefined for a password. */
  readonly tokenGeneration: number | undefined
  /** Of the key that signed the token; undefined for a password. */
  readonly tokenKeyId: string | undefined
  readonly expiresAtMs: number
  readonly caller: DataPlaneCaller
  authority: Authority
  /** How many decisions its weight accounts for. */
  decisionsWeighed: number
  /** Until when its use needs no note. */
  noteUseAgainMs: number
}

/** Whether the credential stood at one revision of authority, and which needs were found to be met at that revision. */
type Authority = {
  readonly revision: number
  readonly standing: { readonly registry: Registry; readonly principal: Principal } | undefined
  readonly met: Set<string>
  /** The one that was met last, as it was given: who asks again for the same mostly gives the same object. */
  latestMet: DataPlaneNeed | undefined
}

/** How often the use of a password is noted. */
const noteUseEveryMs = 60_000

/** How much memory all sessions may take, by estimate. */
const sessionLimitBytes = 64 * 1024 * 1024
/** How many needs are remembered of a session, and what one weighs beside its text. */
const metLimit = 200
const metBytes = 128

/** Opens the gate of the data plane. */
export function createGate(options: GateOptions): DataPlaneGate {
  const { database, clock, refusals } = options
  const sessions = new SessionMemory<Session>(sessionLimitBytes)

  /** Remembers what was found to be met. What is not met is not remembered: strangers could ask for ever more. */
  function rememberMet(rid: string, header: string, session: Session, { met }: Authority, need: DataPlaneNeed): void {
    const key = needKey(need)
    if (met.size >= metLimit) met.clear()
    met.add(key)
    if (met.size <= session.decisionsWeighed) return
    session.decisionsWeighed = met.size
    sessions.grow(rid, header, key.length + metBytes)
  }

  function admit(
    request: IncomingMessage,
    origin: Origin,
    address: RegistryAddress,
    need: DataPlaneNeed,
  ): DataPlaneAdmission | Promise<DataPlaneAdmission> {
    const closed = networkRefusal(address, origin.remoteAddress)
    if (closed !== undefined) return refuseAddress(origin, address, need, closed)
    const header = request.headers.authorization
    if (header === undefined) return { admitted: false, refusal: refusals.unauthenticated(address, need) }
    const revision = database.authorityRevision()
    const session = sessions.findOn(request.socket, address.rid, header)
    const nowMs = clock.now()
    if (session !== undefined && session.authority.revision === revision && nowMs < session.expiresAtMs) {
      const { standing, met, latestMet } = session.authority
      if (standing !== undefined && (latestMet === need || met.has(needKey(need)))) {
        session.authority.latestMet = need
        noteUse(options, session, nowMs)
        return letIn(request, standing.registry, session.caller)
      }
    }
    return admitSlowly(request, header, origin, address, need, session)
  }

  async function refuseAddress(
    origin: Origin,
    address: RegistryAddress,
    need: DataPlaneNeed,
    reason: NetworkRefusal,
  ): Promise<DataPlaneAdmission> {
    const decision = failedBefore(reason, networkChange(address, reason, origin.remoteAddress))
    await recordRefusal(options, origin, address, need, { who: undefined, reason, decision })
    return { admitted: false, refusal: refusals.network(origin.remoteAddress) }
  }

  /** Whoever has the right still has to wait where they ask too often. */
  function letIn(request: IncomingMessage, registry: Registry, caller: DataPlaneCaller): DataPlaneAdmission {
    const retryAfterSeconds = options.throttle.spend(registry, caller.key, request)
    if (retryAfterSeconds === undefined) return { admitted: true, caller }
    return { admitted: false, refusal: refusals.throttled(retryAfterSeconds) }
  }

  async function admitSlowly(
    request: IncomingMessage,
    header: string,
    origin: Origin,
    address: RegistryAddress,
    need: DataPlaneNeed,
    known: Session | undefined,
  ): Promise<DataPlaneAdmission> {
    const session = known ?? (await openSession(options, header, address))
    if (session === undefined) return refuse(origin, address, need, header, await whyUnproved(options, header, address))
    // The access in a token takes some four times the text of it.
    if (known === undefined) sessions.keep(address.rid, header, session, 4 * header.length)
    const authority = await currentAuthority(options, session, address)
    if (clock.now() >= session.expiresAtMs || authority.standing === undefined) {
      sessions.drop(address.rid, header)
      const who = provedBy(session.credential, address)
      return refuse(origin, address, need, header, { who, decision: await decideOn(session, authority, address) })
    }
    if (await isAllowed(options, session.tokenAccess, authority.standing, need)) {
      rememberMet(address.rid, header, session, authority, need)
      noteUse(options, session, clock.now())
      return letIn(request, authority.standing.registry, session.caller)
    }
    const { credential, tokenAccess } = session
    const wanted = needAsAccess(need)
    const decision =
      wanted && (await options.decisions.ofActions({ ...authority.standing, credential, tokenAccess }, wanted))
    const refused = { who: provedBy(credential, address), reason: 'insufficient-scope', decision }
    await recordRefusal(options, origin, address, need, refused)
    return { admitted: false, refusal: refusals.insufficient(address, need) }
  }

  /** Of a credential that proved somebody once, and does no more. */
  async function decideOn(
    { expiresAtMs, credential, tokenGeneration, tokenKeyId }: Session,
    { standing }: Authority,
    { rid }: RegistryAddress,
  ): Promise<DecisionRecord | undefined> {
    if (standing !== undefined || clock.now() >= expiresAtMs) return failedBefore('credential-is-expired')
    const registry = await options.resources.findRegistryByRid(rid)
    if (registry === undefined) return undefined
    if (tokenKeyId !== undefined && !(await options.tokens.keyStands(tokenKeyId)))
      return failedBefore('key-was-withdrawn')
    const isOutdated = tokenGeneration !== undefined && tokenGeneration !== registry.tokenGeneration
    return isOutdated ? failedBefore('mode-was-switched') : options.decisions.ofCredential(registry, credential)
  }

  async function refuse(
    origin: Origin,
    address: RegistryAddress,
    need: DataPlaneNeed,
    header: string,
    known: Omit<Refused, 'reason'>,
  ): Promise<DataPlaneAdmission> {
    const basic = parseAuthorization(header).scheme === 'basic'
    await recordRefusal(options, origin, address, need, { ...known, reason: 'invalid-credential' })
    return { admitted: false, refusal: basic ? refusals.wrongPassword() : refusals.invalidToken(address, need) }
  }

  return {
    admit,
    refuseOutdated: async (origin, address, need, who) => {
      const decision = failedBefore('repository-was-made-again')
      await recordRefusal(options, origin, address, need, { who, reason: 'invalid-credential', decision })
      return refusals.invalidToken(address, need)
    },
  }
}

/** Notes that a password was used, now and then: of a token, its issue tells. */
function noteUse({ audit }: GateOptions, session: Session, nowMs: number): void {
  if (session.tokenAccess !== undefined || nowMs < session.noteUseAgainMs) return
  session.noteUseAgainMs = nowMs + noteUseEveryMs
  audit.noteUse(session.caller.actor, session.caller.credential)
}

/** Proves what an `Authorization` header claims at this registry; undefined when it proves nothing. */
async function openSession(
  options: GateOptions,
  header: string,
  address: RegistryAddress,
): Promise<Session | undefined> {
  const registry = await options.resources.findRegistryByRid(address.rid)
  const authorization = parseAuthorization(header)
  if (registry === undefined) return undefined
  switch (authorization.scheme) {
    case 'bearer': {
      const verified = await options.tokens.verify('access_token', authorization.token, registry)
      if (verified === undefined) return undefined
      const { access: tokenAccess, keyId: tokenKeyId, ...facts } = verified
      const { tokenGeneration } = registry
      return newSession(options, registry, { ...facts, tokenAccess, tokenGeneration, tokenKeyId })
    }
    case 'basic': {
      const { username, password } = authorization
      const proof = await provePassword(options, registry, username, password, false)
      if (proof === undefined) return undefined
      const { credential, expiresAtMs = Infinity } = proof
      // A password is proved anew with every request, so that it is never older than what it is used on.
      const ofToken = { tokenAccess: undefined, tokenGeneration: undefined, tokenKeyId: undefined }
      const noToken = { ...ofToken, deletionsSeen: Infinity }
      return newSession(options, registry, { credential, ...noToken, expiresAtMs })
    }
    case 'none':
    case 'invalid':
      return undefined
  }
}

/** Why a header proved nobody. */
async function whyUnproved(
  { resources, unproved }: GateOptions,
  header: string,
  { rid }: RegistryAddress,
): Promise<Omit<Refused, 'reason'>> {
  const authorization = parseAuthorization(header)
  const registry = await resources.findRegistryByRid(rid)
  if (registry === undefined) return { who: undefined, decision: undefined }
  switch (authorization.scheme) {
    case 'bearer': {
      const { decision, ...who } = await unproved.ofToken(['access_token'], authorization.token, registry)
      return { who, decision }
    }
    case 'basic': {
      const { username, password } = authorization
      const { decision, ...who } = await unproved.ofPassword(username, password, registry, false)
      return { who, decision }
    }
    case 'none':
    case 'invalid':
      return { who: undefined, decision: failedBefore('unusable-authorization') }
  }
}

type SessionFacts = Pick<Session, 'credential' | 'tokenAccess' | 'tokenGeneration' | 'tokenKeyId' | 'expiresAtMs'> & {
  readonly deletionsSeen: number
}

function newSession(options: GateOptions, registry: Registry, facts: SessionFacts): Session {
  const session: Session = {
    ...facts,
    caller: {
      key: callerKey(facts.credential),
      ...provedBy(facts.credential, registry),
      deletionsSeen: facts.deletionsSeen,
      mayPull: async (repository) => {
        const authority = await currentAuthority(options, session, registry)
        const need = { kind: 'repository', repository, actions: ['pull'] } as const
        return authority.standing !== undefined && isAllowed(options, session.tokenAccess, authority.standing, need)
      },
    },
    authority: { revision: -1, standing: undefined, met: new Set(), latestMet: undefined },
    decisionsWeighed: 0,
    noteUseAgainMs: 0,
  }
  return session
}

/**
 * What holds of the session now. The revision is read first, so that what is found holds for it at least; of two requests
 * that look at the same time, the older finding never replaces the newer.
 */
async function currentAuthority(options: GateOptions, session: Session, address: RegistryAddress): Promise<Authority> {
  const revision = await options.database.authorityRevision()
  if (session.authority.revision === revision) return session.authority
  const registry = await options.resources.findRegistryByRid(address.rid)
  const isOutdated =
    (session.tokenGeneration !== undefined && session.tokenGeneration !== registry?.tokenGeneration) ||
    (session.tokenKeyId !== undefined && !(await options.tokens.keyStands(session.tokenKeyId)))
  const principal =
    registry === undefined || isOutdated ? undefined : await standingPrincipal(options, registry, session.credential)
  const standing = registry === undefined || principal === undefined ? undefined : { registry, principal }
  const found: Authority = { revision, standing, met: new Set(), latestMet: undefined }
  if (revision > session.authority.revision) session.authority = found
  return found
}

/** Whether both the token and the rights that its principal has now cover the need. */
async function isAllowed(
  { access }: GateOptions,
  tokenAccess: readonly AccessScope[] | undefined,
  { registry, principal }: NonNullable<Authority['standing']>,
  need: DataPlaneNeed,
): Promise<boolean> {
  const wanted = needAsAccess(need)
  if (wanted === undefined) return true
  const { type, name, actions, anyOf } = wanted
  const allowed = await access.allowedAccess(principal, registry, [{ type, name, actions: [...actions, ...anyOf] }])
  const covered = (asked: readonly string[]) =>
    covers(allowed, type, name, asked) && (tokenAccess === undefined || covers(tokenAccess, type, name, asked))
  return covered(actions) || anyOf.some((action) => covered([action]))
}

function needKey(need: DataPlaneNeed): string {
  switch (need.kind) {
    case 'signed-in':
      return ''
    case 'catalog':
      return need.name
    case 'repository':
      // A repository's name has no blank, so that no two needs share a key.
      return `${need.repository} ${need.actions.join()} ${need.anyOf?.join() ?? ''}`
  }
}

type Who = Pick<AuditEvent, 'actor' | 'credential'>

const nobody: Who = { actor: { kind: 'claimed', id: '' } }

type Refused = {
  /** Undefined where nobody was proved. */
  readonly who: Who | undefined
  readonly reason: string
  readonly decision: DecisionRecord | undefined
}

function recordRefusal(
  { audit }: GateOptions,
  origin: Origin,
  address: RegistryAddress,
  need: DataPlaneNeed,
  { who = nobody, reason, decision }: Refused,
): Promise<void> {
  const target = need.kind === 'repository' ? `${address.loginServer}/${need.repository}` : address.loginServer
  const asked = need.kind === 'repository' ? { actions: need.actions } : { need: need.kind }
  const detail = decision === undefined ? asked : { ...asked, decision }
  return audit.append({ action: 'data.access', outcome: 'refused', ...who, target, reason, detail, origin })
}
