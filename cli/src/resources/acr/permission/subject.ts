import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { ApiError } from '../../../clients/arm/arm.ts'
import { listGraph } from '../../../clients/graph/graph.ts'
import type { Account } from '../../../clients/session/account.ts'
import { CommandFailure, failure } from '../../../framework/command/failure.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { type DirectoryObject, directoryObjects, typeOf } from '../../role/principals.ts'

/** A user, a group, an application or a managed identity. */
export type DirectorySubject = {
  readonly kind: 'directory'
  readonly id: string
  /** The principal type in role assignments. Undefined if Graph could not be queried. */
  readonly type: string | undefined
  /** The displayed name: a user principal name, or a display name. The object id if Graph could not be queried. */
  readonly name: string
  /** A title such as `managed identity build`, safe for a terminal. */
  readonly title: string
}

/** Who has permissions on a registry. */
export type Subject =
  | DirectorySubject
  | { readonly kind: 'token'; readonly name: string; readonly title: string }
  | { readonly kind: 'anonymous'; readonly title: string }
  | { readonly kind: 'admin'; readonly title: string }

/** Several principals have the name. The message lists them. */
export class AmbiguousName extends CommandFailure {
  override readonly name = 'AmbiguousName'
}

/** The possible values of the argument WHO, for the help of commands. */
export const aboutWho = `
WHO is a user name, the display name of a user, a group, an application or a managed identity, the id of an
application, or an object id; token:NAME for a scoped token; anonymous.`

/**
 * Finds the principal, token or account with this name.
 *
 * @throws CommandFailure if no principal, or more than one principal, has the name
 */
export async function requireSubject(account: Account, text: string): Promise<Subject> {
  const [, token] = /^token:(.+)$/.exec(text) ?? []
  if (token !== undefined) return { kind: 'token', name: token, title: `scoped token ${terminalLine(token)}` }
  if (text === 'anonymous') return { kind: 'anonymous', title: 'anonymous callers' }
  if (text === 'admin') return { kind: 'admin', title: 'the admin account' }
  const shown = terminalLine(text)
  const found = await candidates(account, text)
  const [subject] = found
  if (subject === undefined) {
    throw failure(
      `no user, group, application or managed identity is called '${shown}'`,
      'check the spelling, or use the object id: without a directory role, you cannot see the names of other principals',
    )
  }
  if (found.length === 1) return subject
  const list = found.map(({ title, id }) => `  ${title}, ${id}`).join('\n')
  throw new AmbiguousName(
    `'${shown}' is the name of ${found.length} principals:\n${list}`,
    1,
    'use one of these object ids',
  )
}

/** The principals with these object ids, by their id. Principals that the caller cannot see are missing. */
export async function namedSubjects(
  account: Account,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DirectorySubject>> {
  const objects = ids.length === 0 ? [] : await whereVisible(() => directoryObjects(account, [...new Set(ids)]))
  return new Map(objects.map((each) => subjectOf(each)).map((each) => [each.id, each]))
}

/** The members of a group, and of nested groups. @throws ApiError */
export async function membersOf(account: Account, groupId: string): Promise<DirectorySubject[]> {
  const members = await listGraph(account, `/groups/${groupId}/transitiveMembers`)
  return members.map((each) => subjectOf(each))
}

/** The name of a subject in a command: the name if the name is unique, otherwise the object id. */
export async function whoWord(account: Account, subject: Subject): Promise<string> {
  switch (subject.kind) {
    case 'token':
      return shellWord(`token:${subject.name}`)
    case 'anonymous':
    case 'admin':
      return subject.kind
    case 'directory': {
      const { name, id } = subject
      const isReserved = /^(?:-|token:|anonymous$|admin$)/.test(name) || terminalLine(name) !== name
      const others = isReserved || isGuid(name) ? [] : await candidates(account, name)
      return others.length === 1 && others[0]?.id === id ? shellWord(name) : id
    }
  }
}

/** The identifier of a subject in `accessExplanation`. */
export function principalOf(subject: Subject): string {
  if (subject.kind === 'directory') return subject.id
  return subject.kind === 'token' ? `token:${subject.name}` : subject.kind
}

/** A subject of a result. */
export function subjectDocument(subject: Subject): object {
  const { kind } = subject
  if (kind === 'directory') return { kind, id: subject.id, type: subject.type ?? null, name: subject.name }
  return { kind, name: kind === 'token' ? subject.name : kind }
}

/** Unique names are looked up first, so that nobody can use the unique name of another principal as a display name. */
async function candidates(account: Account, text: string): Promise<DirectorySubject[]> {
  const by = (path: string, filter: string) => whereVisible(() => listGraph(account, path, filter))
  if (isGuid(text)) {
    const named = [...(await namedSubjects(account, [text.toLowerCase()])).values()]
    const byAppId = named.length > 0 ? [] : await by('/servicePrincipals', `appId eq ${odataText(text)}`)
    const found = [...named, ...byAppId.map((each) => subjectOf(each))]
    return found.length === 0 ? [unnamed(text.toLowerCase())] : found
  }
  const users = text.includes('@') ? await by('/users', `userPrincipalName eq ${odataText(text)}`) : []
  if (users.length > 0) return users.map((each) => subjectOf(each, '#microsoft.graph.user'))
  const name = `displayName eq ${odataText(text)}`
  return [
    ...(await by('/users', name)).map((each) => subjectOf(each, '#microsoft.graph.user')),
    ...(await by('/groups', name)).map((each) => subjectOf(each, '#microsoft.graph.group')),
    ...(await by('/servicePrincipals', name)).map((each) => subjectOf(each)),
  ]
}

/** Nothing if the caller may not see the directory. */
async function whereVisible(read: () => Promise<readonly unknown[]>): Promise<readonly unknown[]> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 400)) return []
    throw error
  }
}

function subjectOf(object: unknown, type?: string): DirectorySubject {
  const given = type ?? (object as DirectoryObject)['@odata.type'] ?? '#microsoft.graph.servicePrincipal'
  const principalType = typeOf({ '@odata.type': given })
  const name = [valueAt(object, 'userPrincipalName'), valueAt(object, 'displayName'), valueAt(object, 'id')].find(
    (each) => typeof each === 'string' && each !== '',
  )
  const shown = terminalLine(String(name))
  const title =
    principalType === 'User' || principalType === 'Group' ? principalType.toLowerCase() : serviceTitle(object)
  return {
    kind: 'directory',
    id: String(valueAt(object, 'id')),
    type: principalType,
    name: String(name),
    title: `${title} ${shown}`,
  }
}

function serviceTitle(object: unknown): string {
  return valueAt(object, 'servicePrincipalType') === 'ManagedIdentity' ? 'managed identity' : 'application'
}

function unnamed(id: string): DirectorySubject {
  return { kind: 'directory', id, type: undefined, name: id, title: `principal ${id}` }
}
