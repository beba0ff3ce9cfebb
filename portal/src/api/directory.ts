import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { readJson, send } from './client.ts'
import type {
  GraphAuthenticationMethods,
  GraphDirectoryObjectPage,
  GraphDirectoryObjects,
  GraphGroup,
  GraphGroupPage,
  GraphIdentityProviders,
  GraphNewTemporaryAccessPass,
  GraphObjectIdentities,
  GraphUnifiedRoleAssignments,
  GraphUser,
} from './graph-types.ts'

/** How many objects are read at once. */
const pageSize = 50

/** A page of a list of the directory, and where the next one begins. */
export type DirectoryPage<Item> = { readonly items: readonly Item[]; readonly next: string | undefined }

type GraphPage<Item> = { readonly value: readonly Item[]; readonly '@odata.nextLink'?: string }

/** A page of the objects whose names begin with a text. */
export async function listDirectory<Item>(
  path: string,
  { prefix = '', after = '' }: { readonly prefix?: string; readonly after?: string },
  signal: AbortSignal,
): Promise<DirectoryPage<Item>> {
  const query = new URLSearchParams({
    $top: String(pageSize),
    ...(prefix !== '' && { $filter: `startswith(displayName,${odataText(prefix)})` }),
    ...(after !== '' && { $skiptoken: after }),
  })
  const { body } = await readJson<GraphPage<Item>>(`graph/${path}?${query.toString()}`, { signal })
  const link = body['@odata.nextLink']
  return { items: body.value, next: link === undefined ? undefined : nextToken(link) }
}

function nextToken(link: string): string | undefined {
  return new URLSearchParams(link.split('?')[1] ?? '').get('$skiptoken') ?? undefined
}

/** The object ids of the owners of an application or a group. */
export async function listOwnerIds(
  collection: 'applications' | 'groups',
  id: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = `graph/${collection}/${encodeURIComponent(id)}/owners`
  return (await readJson<GraphDirectoryObjects>(path, { signal })).body.value.map((owner) => owner.id)
}

/** A role on the directory. */
export type DirectoryRole = 'owner' | 'reader'

/** The ids of the roles, as at Entra. */
const roleIds: Readonly<Record<DirectoryRole, string>> = {
  owner: '62e90394-69f5-4237-9190-012177145e10',
  reader: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b',
}

const rolesPath = 'graph/roleManagement/directory/roleAssignments'

/** The roles on the directory by object id: all, or only that of the person. */
export async function readDirectoryRoles(signal: AbortSignal): Promise<ReadonlyMap<string, DirectoryRole>> {
  const { body } = await readJson<GraphUnifiedRoleAssignments>(rolesPath, { signal })
  return new Map(
    body.value.map(({ principalId, roleDefinitionId }) => [
      principalId,
      roleDefinitionId === roleIds.owner ? 'owner' : 'reader',
    ]),
  )
}

/** Replaces the role of a principal on the directory. */
export async function changeDirectoryRole(
  principalId: string,
  present: DirectoryRole | undefined,
  wanted: DirectoryRole | undefined,
): Promise<void> {
  if (wanted !== undefined) {
    const body = { principalId, roleDefinitionId: roleIds[wanted], directoryScopeId: '/' }
    await send(rolesPath, { method: 'POST', body })
  } else if (present !== undefined) {
    await send(`${rolesPath}/${present}-${principalId}`, { method: 'DELETE' })
  }
}

const userPath = (id: string) => `graph/users/${encodeURIComponent(id)}`

/** A person of the directory. */
export async function readUser(id: string, signal: AbortSignal): Promise<GraphUser> {
  return (await readJson<GraphUser>(userPath(id), { signal })).body
}

export type NewUser = {
  readonly displayName: string
  readonly userPrincipalName: string
  readonly password: string
}

/** Creates a person, who chooses a password at the first sign-in. */
export async function createUser({ displayName, userPrincipalName, password }: NewUser): Promise<GraphUser> {
  const passwordProfile = { password, forceChangePasswordNextSignIn: true }
  const body = { accountEnabled: true, displayName, userPrincipalName, passwordProfile }
  return (await readJson<GraphUser>('graph/users', { method: 'POST', body })).body
}

/** Allows a person to sign in, or blocks the person. */
export async function enableUser(id: string, accountEnabled: boolean): Promise<void> {
  await send(userPath(id), { method: 'PATCH', body: { accountEnabled } })
}

/** Deletes a person with all permissions. */
export async function deleteUser(id: string): Promise<void> {
  await send(userPath(id), { method: 'DELETE' })
}

export type SignInMethod = GraphAuthenticationMethods['value'][number]

/** The sign-in methods of a person. */
export async function listMethods(id: string, signal: AbortSignal): Promise<readonly SignInMethod[]> {
  return (await readJson<GraphAuthenticationMethods>(`${userPath(id)}/authentication/methods`, { signal })).body.value
}

/** The parts of the URL that name the kinds of methods that can be removed. */
const methodFolders: Readonly<Record<string, string>> = {
  '#microsoft.graph.softwareOathAuthenticationMethod': 'softwareOathMethods',
  '#microsoft.graph.fido2AuthenticationMethod': 'fido2Methods',
  '#microsoft.graph.temporaryAccessPassAuthenticationMethod': 'temporaryAccessPassMethods',
  '#acrux.oneTimeLinkAuthenticationMethod': 'oneTimeLinks',
}

/** Whether an owner can remove a method. A password can only be replaced. */
export const isRemovable = (method: SignInMethod) => Object.hasOwn(methodFolders, method['@odata.type'])

/** Removes a sign-in method that a person lost. */
export async function removeMethod(userId: string, method: SignInMethod): Promise<void> {
  const folder = methodFolders[method['@odata.type']] ?? ''
  await send(`${userPath(userId)}/authentication/${folder}/${method.id}`, { method: 'DELETE' })
}

/** Creates the code with which a person sets up the first second factor. */
export async function createAccessPass(userId: string): Promise<GraphNewTemporaryAccessPass> {
  const path = `${userPath(userId)}/authentication/temporaryAccessPassMethods`
  return (await readJson<GraphNewTemporaryAccessPass>(path, { method: 'POST', body: { lifetimeInMinutes: 60 } })).body
}

/** The identities of a person at other providers. */
export async function listExternalIdentities(userId: string, signal: AbortSignal) {
  return (await readJson<GraphObjectIdentities>(`${userPath(userId)}/identities`, { signal })).body.value
}

/** The groups that a person is a direct member of. */
export async function listGroupsOf(userId: string, signal: AbortSignal): Promise<readonly GraphGroup[]> {
  return (await readJson<GraphGroupPage>(`${userPath(userId)}/memberOf?$top=999`, { signal })).body.value
}

const groupPath = (id: string) => `graph/groups/${encodeURIComponent(id)}`

/** A group. */
export async function readGroup(id: string, signal: AbortSignal): Promise<GraphGroup> {
  return (await readJson<GraphGroup>(groupPath(id), { signal })).body
}

/** Creates a group. */
export async function createGroup(displayName: string, description: string): Promise<GraphGroup> {
  const mailNickname = displayName.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64)
  const body = { displayName, description, mailNickname, mailEnabled: false, securityEnabled: true }
  return (await readJson<GraphGroup>('graph/groups', { method: 'POST', body })).body
}

/** Deletes a group. Its members remain. */
export async function deleteGroup(id: string): Promise<void> {
  await send(groupPath(id), { method: 'DELETE' })
}

export type Member = GraphDirectoryObjectPage['value'][number]

/** A page of the direct members of a group. */
export function listMembers(id: string, after: string, signal: AbortSignal): Promise<DirectoryPage<Member>> {
  return listDirectory<Member>(`groups/${encodeURIComponent(id)}/members`, { after }, signal)
}

/** Adds a person, group or service principal to a group. */
export async function addMember(groupId: string, memberId: string): Promise<void> {
  const reference = `${location.origin}/graph/v1.0/directoryObjects/${memberId}`
  await send(`${groupPath(groupId)}/members/$ref`, { method: 'POST', body: { '@odata.id': reference } })
}

/** Removes a member from a group. */
export async function removeMember(groupId: string, memberId: string): Promise<void> {
  await send(`${groupPath(groupId)}/members/${memberId}/$ref`, { method: 'DELETE' })
}

/** The providers of organisations at which people can sign in. */
export async function listProviders(signal: AbortSignal) {
  return (await readJson<GraphIdentityProviders>('graph/identity/identityProviders', { signal })).body.value
}
