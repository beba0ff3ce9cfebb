import { type AuditEventDocument, decisionDocument, openAuditLog } from '@acrux/server'
import { changeText } from '@acrux/shared/permissions/change-text.ts'
import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { getFromArm, requireAnyAccount, signedInObjectId } from '../../../clients/arm/az.ts'
import type { Account } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { CommandFailure, WrongUsageError, failure } from '../../../framework/command/failure.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { newestOnServer } from '../../audit/server-log.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../../data-dir/data-dir.ts'
import { textsAt } from '../permission/permission-registry.ts'
import { sharedExitCodes } from '../permission/questions.ts'
import { type DirectorySubject, AmbiguousName, namedSubjects, requireSubject, whoWord } from '../permission/subject.ts'
import { askRegistry } from './ask-registry.ts'
import { type NamedDecision, type RecordedDecision, whyText } from './why-text.ts'

type Flags = DataDirFlags & {
  readonly id?: string
  readonly name?: string
  readonly last?: true
  readonly principal?: string
  readonly own?: true
}

/** `acrux acr why`. */
export const command = defineCommand<Flags>({
  about: `
With -n, the signed-in account requests the explanation from the management API. With --own, the command explains a
denied request of the signed-in user, and requires no role. Without -n and --own, the command reads the data directory,
even while the server is running. An explanation from the data directory does not include changes after the denied
request.`,
  arguments: [{ name: '[id]', description: 'the x-ms-correlation-request-id of the response that denied the request' }],
  flags: [
    ...dataDirFlags(),
    { flags: '-n, --name <registry>', description: 'the name of the registry' },
    {
      flags: '--last',
      description: 'explain the last denial; with -n, the last denial of the signed-in account',
    },
    {
      flags: '--principal <who>',
      description:
        'with --last: the principal of the denied request, as a name, an object id, or the user name that the client sent',
    },
    { flags: '--own', description: 'explain a denied request of the signed-in user; requires no role' },
  ],
  examples: [
    'acrux acr why 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11 -n contoso',
    'acrux acr why --last -n contoso',
    'acrux acr why --last --own',
    'acrux acr why --last --principal ada@example.com -n contoso',
    'acrux acr why --last --data-dir /var/lib/acrux -o json',
  ],
  exitCodes: {
    0: 'the denial was explained',
    1: 'the id is unknown, or no denial was found',
    ...sharedExitCodes,
    13: 'the audit log cannot be read',
    14: 'the master key cannot be read',
  },
  text: (decision: NamedDecision) => whyText(decision),
  run: why,
})

/** Explains a denial by its correlation id, or the last denial. */
async function why(flags: Flags, context: CommandContext): Promise<NamedDecision> {
  const { id, last, principal, own, name } = flags
  if ((id === undefined) === (last === undefined)) throw new WrongUsageError('use either an ID or --last')
  if (principal !== undefined && last === undefined) throw new WrongUsageError('--principal requires --last')
  if (own !== undefined && (name ?? principal) !== undefined) {
    throw new WrongUsageError('use --own without --name and --principal')
  }
  const found = await find(flags, context)
  if (found !== undefined) return found
  if (id === undefined) throw failure('no denial was found')
  throw failure(
    `no denial has the id ${terminalLine(id)}`,
    'use the x-ms-correlation-request-id of the denied response, or explain your last denial with --last',
  )
}

async function find(flags: Flags, context: CommandContext): Promise<NamedDecision | undefined> {
  const { name } = flags
  if (flags.own !== undefined) {
    const found = await findOwn(context, flags.id)
    return found && named(found, { account: await requireAnyAccount(context), requested: [] })
  }
  if (name === undefined) {
    const found = await findInLog(flags)
    return found && named(found)
  }
  const found = await findOnServer(context, flags, name)
  if (found === undefined) return undefined
  const requested = await requestedAccess(context, name, found)
  return named(found, { registry: name, requested, account: await requireAnyAccount(context) })
}

type Server = { readonly registry?: string; readonly account: Account; readonly requested: readonly string[] }

/** Adds the names of principals, and the command that would have allowed the request. Without a server, ids are the names. */
async function named(decision: RecordedDecision, server?: Server): Promise<NamedDecision> {
  const account = server?.account
  const { principal, assignments, smallestChange, scopeMap, asked, roleAssignmentMode } = decision
  const ids = [principal.id, ...assignments.map(({ principalId }) => principalId)].filter(isGuid)
  const subjects = account === undefined ? new Map<string, DirectorySubject>() : await namedSubjects(account, ids)
  const names = {
    registry: server?.registry ?? /\/registries\/([^/]+)$/.exec(asked?.scope ?? '')?.[1],
    who: await whoOf(principal, account, subjects),
    ...namesOf(principal),
    scopeMap: scopeMap?.name,
    asked: wantedOf(decision, server?.requested ?? decision.token?.leftOut ?? []) ?? undefined,
    isForRegistry: roleAssignmentMode === 'LegacyRegistryPermissions',
  }
  return {
    ...decision,
    principalNames: Object.fromEntries([...subjects.values()].map(({ id, name }) => [id, name])),
    fix: smallestChange && changeText(smallestChange, names),
  }
}

/** The denied action; push, if the client requested a token to pull and push, as docker does. */
function wantedOf({ asked }: RecordedDecision, requested: readonly string[]): RecordedDecision['asked'] {
  if (asked === null) return null
  const isPush = requested.some((each) => {
    const [, repository, actions = ''] = /^repository:(.+):([^:]+)$/.exec(each) ?? []
    return repository === asked.repository && actions.split(',').includes('push')
  })
  return isPush ? { ...asked, action: 'push' } : asked
}

/** The maximum time between the request for a token and the denied request. */
const maxTokenAgeMs = 60_000

/** The access that the client requested just before a pull was denied. Empty if the account may not read the log. */
async function requestedAccess(
  context: CommandContext,
  name: string,
  { asked, principal, eventTimestamp, token }: RecordedDecision,
): Promise<readonly string[]> {
  if (token !== null) return token.leftOut
  if (asked?.action !== 'pull' || principal.id === '') return []
  const to = Date.parse(eventTimestamp)
  const filter = { principal: principal.id, action: 'token.issue', from: to - maxTokenAgeMs, to, limit: 3 }
  const requested: string[] = []
  try {
    for await (const { detail } of newestOnServer(context, { name }, filter))
      requested.push(...textsAt(detail, 'asked'))
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
  }
  return requested
}

/** The principal as `acrux acr grant` names the principal. Undefined if the principal was not authenticated. */
async function whoOf(
  { kind, id }: RecordedDecision['principal'],
  account: Account | undefined,
  subjects: ReadonlyMap<string, DirectorySubject>,
): Promise<string | undefined> {
  switch (kind) {
    case 'anonymous':
      return kind
    case 'scoped-token':
      return shellWord(`token:${tokenName(id)}`)
    case 'user':
    case 'service-principal': {
      const subject = subjects.get(id)
      return account === undefined || subject === undefined ? id : whoWord(account, subject)
    }
    default:
      return undefined
  }
}

/** The principal as other commands name the principal, even if the principal was not authenticated. */
function namesOf({ kind, id }: RecordedDecision['principal']): { objectId?: string; token?: string } {
  switch (kind) {
    case 'scoped-token':
      return { token: tokenName(id) }
    case 'user':
    case 'service-principal':
      return { objectId: id }
    case 'claimed':
      return id === '' ? {} : { objectId: id, token: id }
    default:
      return {}
  }
}

/** The id of a scoped token consists of its registry and its name. */
function tokenName(id: string): string {
  return id.slice(id.indexOf('/') + 1)
}

/** Without a principal, the command explains the last denial of the caller. */
async function findOnServer(
  context: CommandContext,
  { id, principal }: Flags,
  name: string,
): Promise<RecordedDecision | undefined> {
  const correlationId = id ?? (await lastDenialOnServer(context, name, principal))
  if (correlationId === undefined) return undefined
  const answer = await askRegistry(context, name, `decisions/${encodeURIComponent(correlationId)}`, {})
  return answer as RecordedDecision | undefined
}

/** A denied request of the signed-in user: the request with an id, or the last request. */
async function findOwn(context: CommandContext, id: string | undefined): Promise<RecordedDecision | undefined> {
  const denials = '/providers/Acrux.Server/denials'
  const version = 'api-version=2024-11-01'
  const list = id === undefined ? await getFromArm(context, `${denials}?${version}&$top=1`) : undefined
  const correlationId =
    id ?? (list as { readonly value: readonly AuditEventDocument[] } | undefined)?.value[0]?.correlationId
  if (correlationId === undefined) return undefined
  const answer = await getFromArm(context, `${denials}/${encodeURIComponent(correlationId)}?${version}`)
  return answer as RecordedDecision | undefined
}

async function lastDenialOnServer(
  context: CommandContext,
  name: string,
  principal: string | undefined,
): Promise<string | undefined> {
  const id = principal === undefined ? await signedInObjectId(context) : await principalId(context, principal)
  const filter = { principal: id, outcome: 'refused', limit: 1 }
  for await (const { correlationId } of newestOnServer(context, { name }, filter)) return correlationId
  return undefined
}

/**
 * The object id of the principal with a name. If no principal has this name, the result is the text itself, because a
 * client may have sent the text.
 */
async function principalId(context: CommandContext, text: string): Promise<string> {
  const account = await requireAnyAccount(context)
  const found = await requireSubject(account, text).catch((error: unknown) => {
    if (error instanceof AmbiguousName) throw error
    if (error instanceof CommandFailure) return undefined
    throw error
  })
  return found?.kind === 'directory' ? found.id : text
}

/** Without an id and a principal, the command explains the last denial of any caller. */
async function findInLog({ id, principal, ...place }: Flags): Promise<RecordedDecision | undefined> {
  const log = await openAuditLog(await configurationOf(place))
  const filter =
    id === undefined ? { outcome: 'refused' as const, actorId: principal } : { correlationId: id.toLowerCase() }
  try {
    const events = await log.newest(filter, 20)
    return events.map(decisionDocument).find((decision) => decision !== undefined)
  } finally {
    await log.close()
  }
}
