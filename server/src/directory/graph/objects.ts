import { parseGuid } from '../../spec/guid.ts'
import { GraphError } from '../errors.ts'
import { applicationDocuments } from './applications.ts'
import { getByIdsBody, readBody } from './bodies.ts'
import { type Graph, type GraphCaller, type GraphHandler, ownAmong } from './call.ts'
import { groupDocument, userDocument } from './documents.ts'
import { refuseQueryOptions } from './query.ts'
import { servicePrincipalDocuments } from './service-principals.ts'

/** `GET /me/ownedObjects`: the applications that the caller owns, and their service principals. */
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
  const groups = asks('group') ? await graph.store.groupsByIds(guids) : []
  const { readsAll, principal } = caller
  const ownGroups = readsAll || groups.length === 0 ? [] : await ownGroupIds(graph, caller)
  const seenUsers = users.filter((user) => readsAll || user.object_id === principal.objectId)
  const seenPrincipals = readsAll ? principals : await ownAmong(graph, caller, principals)
  const seenGroups = groups.filter((row) => readsAll || ownGroups.includes(row.object_id))
  const documents = [...seenUsers.map(userDocument), ...seenGroups.map(groupDocument)]
  return { value: [...documents, ...(await servicePrincipalDocuments(graph, seenPrincipals))] }
}

async function ownGroupIds({ store }: Graph, { principal }: GraphCaller): Promise<readonly string[]> {
  return (await store.groupIdsOf(principal.objectId)).map(({ group_id }) => group_id)
}

/** More than that one person made by hand. */
const ownedLimit = 999
