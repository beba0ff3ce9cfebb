import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { ApiError } from '../../clients/arm/arm.ts'
import { graph, listGraph } from '../../clients/graph/graph.ts'
import type { Account } from '../../clients/session/account.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { valueAt } from '../../framework/values/shape.ts'

/** A principal of the directory: the object id, and the type if the type is known. */
export type Principal = { readonly id: string; readonly type: string | undefined }

const principalTypes: Readonly<Record<string, string>> = {
  '#microsoft.graph.user': 'User',
  '#microsoft.graph.servicePrincipal': 'ServicePrincipal',
  '#microsoft.graph.group': 'Group',
}

/** Finds a principal by its object id, user principal name or service principal name. @throws CommandFailure */
export async function requirePrincipal(
  { log }: CommandContext,
  account: Account,
  assignee: string,
): Promise<Principal> {
  try {
    const found = await findPrincipal(account, assignee)
    if (found !== undefined) return found
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    log.warning(
      `Failed to query ${assignee} by invoking Graph API. If you don't have permission to query Graph API, please specify --assignee-object-id and --assignee-principal-type.`,
    )
    if (!isGuid(assignee)) throw error
    log.warning(`Assuming ${assignee} as an object ID.`)
    return { id: assignee, type: undefined }
  }
  throw failure(
    `Cannot find user or service principal in graph database for '${assignee}'. If the assignee is an appId, make sure the corresponding service principal is created with 'acrux ad sp create --id ${assignee}'.`,
  )
}

async function findPrincipal(account: Account, assignee: string): Promise<Principal | undefined> {
  if (assignee.includes('@')) {
    const [user] = await listGraph(account, '/users', `userPrincipalName eq ${odataText(assignee)}`)
    if (user !== undefined) return { id: String(valueAt(user, 'id')), type: 'User' }
  }
  const filter = `servicePrincipalNames/any(c:c eq ${odataText(assignee)})`
  const [servicePrincipal] = await listGraph(account, '/servicePrincipals', filter)
  if (servicePrincipal !== undefined) return { id: String(valueAt(servicePrincipal, 'id')), type: 'ServicePrincipal' }
  const [object] = isGuid(assignee) ? await directoryObjects(account, [assignee]) : []
  return object === undefined ? undefined : { id: String(object['id']), type: typeOf(object) }
}

/** The type of a principal with an object id. Undefined if Graph does not say. */
export async function principalType(
  { log }: CommandContext,
  account: Account,
  objectId: string,
): Promise<string | undefined> {
  try {
    const [object] = await directoryObjects(account, [objectId])
    return object && typeOf(object)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    log.warning(`Failed to query --assignee-principal-type for --assignee-object-id ${objectId} by invoking Graph API.`)
    return undefined
  }
}

/** The names of principals by object id: of users, applications and groups. Empty if Graph denies the request. */
export async function principalNames(account: Account, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const objects = await directoryObjects(account, ids).catch((error: unknown) => {
    if (error instanceof ApiError) return undefined
    throw error
  })
  return new Map((objects ?? []).map((each) => [String(each['id']), nameOf(each)]))
}

/** An object of the directory, as Graph describes it. */
export type DirectoryObject = Readonly<Record<string, unknown>>

const maxIds = 1000

/** The users, groups and service principals with these object ids that the caller may see. @throws ApiError */
export async function directoryObjects(account: Account, ids: readonly string[]): Promise<DirectoryObject[]> {
  const types = ['user', 'group', 'servicePrincipal', 'directoryObjectPartnerReference']
  const all: DirectoryObject[] = []
  for (let index = 0; index < ids.length; index += maxIds) {
    const body = { ids: ids.slice(index, index + maxIds), types }
    const value = valueAt(await graph(account, 'POST', '/directoryObjects/getByIds', body), 'value')
    if (Array.isArray(value)) all.push(...(value as DirectoryObject[]))
  }
  return all
}

/** The type of a principal, as in role assignments. */
export function typeOf(object: DirectoryObject): string | undefined {
  return principalTypes[String(object['@odata.type'])]
}

/** The name of a principal, as in az. */
export function nameOf(object: DirectoryObject): string {
  const [first] = Array.isArray(object['servicePrincipalNames']) ? (object['servicePrincipalNames'] as unknown[]) : []
  const name = [object['userPrincipalName'], first, object['displayName']].find((each) => typeof each === 'string')
  return typeof name === 'string' ? name : ''
}
