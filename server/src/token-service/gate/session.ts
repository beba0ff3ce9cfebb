import { type GivenRights, type Principal, type RegistryRights, noRights } from '../../authorization/index.ts'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { Actor, AdmittedCaller, HostedRegistry, RegistryNeed, RepositoryView } from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { repositoryRights } from '@acrux/shared/standards/azure/registry-rights.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { type AccessScope, coversAction } from '@acrux/shared/standards/oauth/access-scope.ts'
import {
  type Authentication,
  type AuthenticationContext,
  authenticatePassword,
} from '../tokens/authenticate-password.ts'
import { actorOfCredential } from '../tokens/actor.ts'
import { type Credential, auditedCallerOf, callerKey, standingPrincipal } from '../tokens/credential.ts'
import { type WorkloadSignIn, authenticateWorkloadToken } from '../tokens/workload-token.ts'

/** The dependencies of sessions. */
export type SessionContext = AuthenticationContext & {
  readonly database: Database
  readonly audit: Audit
}

/** An authenticated `Authorization` header. Its signature or secret is verified once. */
export type Session = {
  readonly credential: Credential
  /** The access in a token; undefined for a password, which has all rights of its principal. */
  readonly tokenAccess: readonly AccessScope[] | undefined
  /** The token generation of the registry when the token was issued; undefined for a password. */
  readonly tokenGeneration: number | undefined
  /** The key that signed the token; undefined for a password. */
  readonly tokenKeyId: string | undefined
  /** When the token was issued; `-Infinity` for a password. */
  readonly notBeforeMs: number
  readonly expiresAtMs: number
  /** The workload token in the header, if it has one. */
  readonly workload: WorkloadSignIn | undefined
  readonly caller: AdmittedCaller
  authority: Authority
  /** When the use of the password has to be noted again. */
  noteUseAgainMs: number
}

/** The principal of a valid credential, and its rights. */
export type Standing = {
  readonly registry: Registry
  readonly principal: Principal
  readonly rights: GivenRights
}

/** The state of a credential at one revision of authority. A credential that is no longer valid has no standing. */
export type Authority = { readonly revision: number; readonly standing: Standing | undefined }

/** How often the use of a password is noted. */
const noteUseEveryMs = 60_000

/** Notes the use of a password from time to time. The use of a token is known from its issue. */
export function noteUse({ audit }: SessionContext, session: Session, nowMs: number): void {
  if (session.tokenAccess !== undefined || nowMs < session.noteUseAgainMs) return
  session.noteUseAgainMs = nowMs + noteUseEveryMs
  audit.noteUse(session.caller.actor, session.caller.credential)
}

/**
 * Authenticates an `Authorization` header at a registry; undefined if that fails.
 *
 * @throws OverBudgetError if the sender has sent too many workload tokens
 */
export async function openSession(
  context: SessionContext,
  header: string,
  { rid }: HostedRegistry,
  remoteAddress: string,
): Promise<Session | undefined> {
  const registry = await context.resources.findRegistryByRid(rid)
  const authorization = parseAuthorization(header)
  if (registry === undefined) return undefined
  switch (authorization.scheme) {
    case 'bearer': {
      const verified = await context.tokens.verify('access_token', authorization.token, registry)
      if (verified === undefined) {
        const options = { appId: undefined, remoteAddress }
        const authentication = await authenticateWorkloadToken(context, registry, authorization.token, options)
        return authentication && passwordSession(context, registry, { ...authentication, expiresAtMs: undefined })
      }
      const { access: tokenAccess, keyId: tokenKeyId, ...facts } = verified
      const { tokenGeneration } = registry
      return newSession(context, registry, { ...facts, tokenAccess, tokenGeneration, tokenKeyId, workload: undefined })
    }
    case 'basic': {
      const options = { acceptTokens: false, remoteAddress }
      const authentication = await authenticatePassword(context, registry, authorization, options)
      return authentication && passwordSession(context, registry, authentication)
    }
    case 'none':
    case 'invalid':
      return undefined
  }
}

function passwordSession(
  context: SessionContext,
  registry: Registry,
  { credential, expiresAtMs = Infinity, workload }: Pick<Authentication, 'credential' | 'expiresAtMs' | 'workload'>,
): Session {
  // Each request authenticates with the password, so it is never older than the repository.
  const noToken = { tokenAccess: undefined, tokenGeneration: undefined, tokenKeyId: undefined, deletionsSeen: Infinity }
  const times = { notBeforeMs: -Infinity, expiresAtMs: workload?.expiresAtMs ?? expiresAtMs }
  return newSession(context, registry, { credential, ...noToken, ...times, workload })
}

type SessionFacts = Omit<Session, 'caller' | 'authority' | 'noteUseAgainMs'> & { readonly deletionsSeen: number }

function newSession(context: SessionContext, registry: Registry, facts: SessionFacts): Session {
  let actor: Actor | undefined
  const session: Session = {
    ...facts,
    caller: {
      key: callerKey(facts.credential),
      ...auditedCallerOf(facts.credential, registry),
      deletionsSeen: facts.deletionsSeen,
      identify: async () => (actor ??= await actorOfCredential(context, registry, facts.credential)),
      mayPull: async (repository) => {
        const { standing } = await currentAuthority(context, session, registry)
        const need = { kind: 'repository', repository, actions: ['pull'] } as const
        return standing !== undefined && isAllowed(session.tokenAccess, standing.rights, need)
      },
      repositories: async () => {
        const { standing } = await currentAuthority(context, session, registry)
        return viewOf(standing?.rights ?? noRights)
      },
    },
    authority: { revision: -1, standing: undefined },
    noteUseAgainMs: 0,
  }
  return session
}

/**
 * The repositories that rights permit to list. A token for the list has no actions on repositories: what its principal may do is
 * shown.
 */
function viewOf(rights: RegistryRights): RepositoryView {
  const guard = rights.pullable()
  return {
    listsAll: rights.allows('catalog', undefined) || rights.allowsEverywhere?.('pull') === true,
    candidates: guard.kind === 'any' ? 'any' : guard,
    mayPull: (repository) => rights.allows('pull', repository),
    accessTo: (repository) => repositoryRights.filter((right) => rights.allows(right, repository)),
  }
}

/** The current authority of a session, which is read once for each revision. */
export async function currentAuthority(
  context: SessionContext,
  session: Session,
  registry: Pick<HostedRegistry, 'rid'>,
): Promise<Authority> {
  const revision = await context.database.authorityRevision()
  return session.authority.revision === revision
    ? session.authority
    : readAuthority(context, session, registry, revision)
}

/**
 * Reads the authority of a session at a revision, or a later one, because the revision was read first. Of two concurrent calls,
 * an older result never replaces a newer one.
 */
export async function readAuthority(
  context: SessionContext,
  session: Session,
  { rid }: Pick<HostedRegistry, 'rid'>,
  revision: number,
): Promise<Authority> {
  const registry = await context.resources.findRegistryByRid(rid)
  const isOutdated =
    (session.tokenGeneration !== undefined && session.tokenGeneration !== registry?.tokenGeneration) ||
    (session.tokenKeyId !== undefined && !(await context.tokens.keyStands(session.tokenKeyId)))
  const principal =
    registry === undefined || isOutdated ? undefined : await standingPrincipal(context, registry, session.credential)
  const standing =
    registry === undefined || principal === undefined
      ? undefined
      : { registry, principal, rights: await context.access.rightsAt(principal, registry) }
  const found: Authority = { revision, standing }
  if (revision > session.authority.revision) session.authority = found
  return found
}

/** Whether both the token and the current rights of its principal cover the need. */
export function isAllowed(
  tokenAccess: readonly AccessScope[] | undefined,
  rights: RegistryRights,
  need: RegistryNeed,
): boolean {
  if (need.kind === 'signed-in') return true
  if (need.kind === 'catalog')
    return rights.allows(need.name, undefined) && isInToken(tokenAccess, 'registry', need.name, '*')
  const { repository, actions, anyOf = [] } = need
  const isActionAllowed = (action: string) =>
    rights.allows(action, repository) && isInToken(tokenAccess, 'repository', repository, action)
  // A need without actions is met only by one of `anyOf`.
  return (actions.length > 0 && actions.every(isActionAllowed)) || anyOf.some(isActionAllowed)
}

/** Whether a token has an action. A password has all actions. */
function isInToken(access: Session['tokenAccess'], type: string, name: string, action: string): boolean {
  return access === undefined || coversAction(access, type, name, action)
}
