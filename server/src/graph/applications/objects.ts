import { resourceNotFound } from '../surface/errors.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { GraphError } from '../surface/errors.ts'
import { applicationDocuments } from './applications.ts'
import { getByIdsBody } from './bodies.ts'
import { readBody } from '../surface/body.ts'
import { type GraphHandler, ownAmong, change, requirePathId } from '../surface/context.ts'
import { groupDocument, userDocument } from '../surface/documents.ts'
import { refuseQueryOptions } from '../surface/query.ts'
import { servicePrincipalDocuments } from '../surface/object-documents.ts'

/** `GET /me/ownedObjects`: the applications that the caller owns, and their service principals. */
export const getOwnedObjects: GraphHandler = async (context, { request, caller }) => {
  refuseQueryOptions(request.query)
  if (caller.principal.kind !== 'user') {
    throw new GraphError('notDelegated', '/me request is only valid with delegated authentication flow.')
  }
  const owned = { objectId: caller.principal.objectId, appId: '' }
  const page = { conditions: [], visibleTo: owned, after: '', limit: ownedLimit }
  const applications = await applicationDocuments(context, await context.directory.applications.list(page))
  const principals = await servicePrincipalDocuments(
    context,
    await context.directory.applications.listServicePrincipals(page),
  )
  const typed = applications.map((document) => ({ '@odata.type': '#microsoft.graph.application', ...document }))
  return { value: [...typed, ...principals] }
}

/** `POST /directoryObjects/getByIds`: who they are, of those that the caller may see; the others are left out. */
export const getByIds: GraphHandler = async (context, { request, caller }) => {
  const { ids, types } = readBody(getByIdsBody, request.body)
  const wanted = types?.map((type) => type.toLowerCase())
  const asks = (type: string) => wanted === undefined || wanted.includes(type)
  const guids = [...new Set(ids.map(parseGuid).filter((id) => id !== undefined))]
  const users = asks('user') ? await context.directory.people.named(guids) : []
  const principals = asks('serviceprincipal') ? await context.directory.applications.servicePrincipalsNamed(guids) : []
  const groups = asks('group') ? await context.directory.groups.named(guids) : []
  const { readsAll, principal } = caller
  const ownGroups = readsAll || groups.length === 0 ? [] : await context.directory.groups.idsOf(principal.objectId)
  const seenUsers = users.filter((user) => readsAll || user.objectId === principal.objectId)
  const seenPrincipals = readsAll ? principals : await ownAmong(context, caller, principals)
  const seenGroups = groups.filter((row) => readsAll || ownGroups.includes(row.objectId))
  const documents = [...seenUsers.map(userDocument), ...seenGroups.map(groupDocument)]
  return { value: [...documents, ...(await servicePrincipalDocuments(context, seenPrincipals))] }
}

/** More than that one person made by hand. */
const ownedLimit = 999

/**
 * `DELETE /directoryObjects/{id}`: takes somebody of a trusted tenant off the record, with all that they were given. Who
 * is of our own directory is deleted where they are listed.
 */
export const deleteDirectoryObject: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  await change(
    context,
    call,
    async (transaction) => {
      if (!(await context.directory.externalPrincipals.remove(transaction, id))) throw resourceNotFound(id)
    },
    () => ({ action: 'external-principal.delete', target: id }),
  )
  return call.reply.code(204).send()
}
