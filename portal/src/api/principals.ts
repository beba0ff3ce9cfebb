import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { ApiError, readJson } from './client.ts'

export type PrincipalType = 'User' | 'Group' | 'ServicePrincipal'

/** A user, a group, an application or a managed identity. */
export type Principal = {
  /** The object id. */
  readonly id: string
  readonly type: PrincipalType
  readonly name: string
  /** The user name of a person, the id of an application. */
  readonly detail: string
}

/** What Graph says about an object; others have less. */
type DirectoryObject = {
  readonly '@odata.type'?: string
  readonly id: string
  readonly displayName?: string | null
  readonly userPrincipalName?: string
  readonly appId?: string
}

type ObjectList = { readonly value: readonly DirectoryObject[] }

const types: Readonly<Record<string, PrincipalType>> = {
  '#microsoft.graph.user': 'User',
  '#microsoft.graph.group': 'Group',
  '#microsoft.graph.servicePrincipal': 'ServicePrincipal',
}

const maxIds = 1000

/** The principals with these object ids, of those that the person may see. */
export async function namePrincipals(
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Principal>> {
  if (ids.length === 0) return new Map()
  const body = {
    ids: [...new Set(ids)].slice(0, maxIds),
    types: ['user', 'group', 'servicePrincipal', 'directoryObjectPartnerReference'],
  }
  const objects = await whereVisible(async () => {
    const answer = await readJson<ObjectList>('graph/directoryObjects/getByIds', { method: 'POST', body, signal })
    return answer.body.value
  })
  return new Map(objects.map((object) => [object.id, principalOf(object)]))
}

/** How many principals of a type a search finds. */
const maxFound = 20

const lists = [
  ['users', 'User'],
  ['groups', 'Group'],
  ['servicePrincipals', 'ServicePrincipal'],
] as const

/** The principals whose names begin with a text, or with this user name or object id. */
export async function searchPrincipals(text: string, signal: AbortSignal): Promise<readonly Principal[]> {
  if (isGuid(text)) return [...(await namePrincipals([text.toLowerCase()], signal)).values()]
  const quoted = odataText(text)
  const byName = lists.map(([path, type]) => search(path, type, `startswith(displayName,${quoted})`, signal))
  const byUserName = text.includes('@') ? [search('users', 'User', `userPrincipalName eq ${quoted}`, signal)] : []
  const found = (await Promise.all([...byUserName, ...byName])).flat()
  return [...new Map(found.map((each) => [each.id, each])).values()]
}

/** Whether there may be more than was found. */
export function isCut(found: readonly Principal[]): boolean {
  return lists.some(([, wanted]) => found.filter(({ type }) => type === wanted).length >= maxFound)
}

/** Finds a user by user name. Undefined if there is no such user, or the caller may not read it. */
export async function findUser(userName: string, signal: AbortSignal): Promise<Principal | undefined> {
  const [found] = await search('users', 'User', `userPrincipalName eq ${odataText(userName)}`, signal)
  return found
}

async function search(path: string, type: PrincipalType, filter: string, signal: AbortSignal): Promise<Principal[]> {
  const query = new URLSearchParams({ $filter: filter, $top: String(maxFound) })
  const objects = await whereVisible(
    async () => (await readJson<ObjectList>(`graph/${path}?${query.toString()}`, { signal })).body.value,
  )
  return objects.map((object) => principalOf(object, type))
}

/** The members of a group, and those of the groups in it. */
export async function listMembers(groupId: string, signal: AbortSignal): Promise<readonly Principal[]> {
  const { body } = await readJson<ObjectList>(`graph/groups/${groupId}/transitiveMembers`, { signal })
  return body.value.map((object) => principalOf(object))
}

/** Nothing if the person may not see the directory. */
async function whereVisible(read: () => Promise<readonly DirectoryObject[]>): Promise<readonly DirectoryObject[]> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 400)) return []
    throw error
  }
}

function principalOf(object: DirectoryObject, type?: PrincipalType): Principal {
  const { id, displayName, userPrincipalName, appId } = object
  return {
    id,
    type: type ?? types[object['@odata.type'] ?? ''] ?? 'ServicePrincipal',
    name: displayName ?? userPrincipalName ?? id,
    detail: userPrincipalName ?? appId ?? '',
  }
}
