import { parseGuid } from '../../spec/guid.ts'
import { GraphError, insufficientPrivileges, resourceNotFound } from '../errors.ts'
import { applicationDocuments } from './applications.ts'
import { getByIdsBody, readBody } from './bodies.ts'
import { type GraphHandler, isOwn, visibleTo } from './call.ts'
import { userDocument } from './documents.ts'
import { filterableUsers } from './filter.ts'
import { listPage } from './page.ts'
import { parseListQuery, refuseQueryOptions } from './query.ts'
import { servicePrincipalDocuments } from './service-principals.ts'
import { isName, nameKey } from '../principals.ts'

/** `GET /users` */
export const listUsers: GraphHandler = async (graph, { request, caller }) => {
  const query = parseListQuery(filterableUsers, request.query)
  const { conditions, after, pageSize } = query
  const rows = await graph.store.listUsers({ conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 })
  return listPage(graph, caller, 'users', query, rows, (shown) => shown.map(userDocument))
}

/** `GET /users/{id or user principal name}` */
export const getUser: GraphHandler = async ({ store }, { request, params, caller }) => {
  refuseQueryOptions(request.query)
  const text = params['id'] ?? ''
  const id = parseGuid(text)
  const user =
    id === undefined ? (isName(text) ? await store.userByName(nameKey(text)) : undefined) : await store.userById(id)
  const visible = caller.isDirectoryOwner || user?.object_id === caller.principal.objectId
  if (!visible) throw insufficientPrivileges()
  if (user === undefined) throw resourceNotFound(id ?? 'with this name')
  return userDocument(user)
}

/** `GET /me` */
export const getMe: GraphHandler = async ({ store }, { request, caller }) => {
  refuseQueryOptions(request.query)
  const user = caller.principal.kind === 'user' ? await store.userById(caller.principal.objectId) : undefined
  if (user === undefined) {
    throw new GraphError('notDelegated', '/me request is only valid with delegated authentication flow.')
  }
  return userDocument(user)
}

/** `GET /me/ownedObjects`: the applications that the caller made, and their service principals. */
export const getOwnedObjects: GraphHandler = async (graph, { request, caller }) => {
  refuseQueryOptions(request.query)
  if (caller.principal.kind !== 'user') {
    throw new GraphError('notDelegated', '/me request is only valid with delegated authentication flow.')
  }
  const owned = { objectId: caller.principal.objectId, appId: '' }
  const page = { conditions: [], visibleTo: owned, after: '', limit: ownedLimit }
  const applications = await applicationDocuments(graph, await graph.store.listApplications(page))
  const principals = await servicePrincipalDocuments(graph, await graph.store.listServicePrincipals(page))
  const typed = applications.map((document) => ({ '@odata.type': '#microsoft.graph.application', ...document }))
  return { value: [...typed, ...principals] }
}

/** `POST /directoryObjects/getByIds`: who they are, of those that the caller may see; the others are left out. */
export const getByIds: GraphHandler = async (graph, { request, caller }) => {
  const { ids, types } = readBody(getByIdsBody, request.body)
  const wanted = types?.map((type) => type.toLowerCase())
  const asks = (type: string) => wanted === undefined || wanted.includes(type)
  const guids = [...new Set(ids.map(parseGuid).filter((id) => id !== undefined))]
  const users = asks('user') ? await graph.store.usersByIds(guids) : []
  const principals = asks('serviceprincipal') ? await graph.store.servicePrincipalsByIds(guids) : []
  const { isDirectoryOwner, principal } = caller
  const seenUsers = users.filter((user) => isDirectoryOwner || user.object_id === principal.objectId)
  const seenPrincipals = principals.filter((row) => isDirectoryOwner || isOwn(caller, row))
  return { value: [...seenUsers.map(userDocument), ...(await servicePrincipalDocuments(graph, seenPrincipals))] }
}

/** More than that one person made by hand. */
const ownedLimit = 999
