import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { GraphError, resourceNotFound } from '../protocol/errors.ts'
import { applicationDocuments } from './applications.ts'
import type { getByIdsBody } from './bodies.ts'
import { ownAmong, change, requirePathId } from '../protocol/context.ts'
import {
  type directoryObjectsSchema,
  type ownedObjectsSchema,
  groupDocument,
  userDocument,
} from '../protocol/documents.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import { servicePrincipalDocuments } from '../protocol/object-documents.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** `GET /me/ownedObjects`: the applications that the caller owns, and their service principals. */
export const getOwnedObjects: GraphHandler<typeof ownedObjectsSchema> = async (context, { request, caller }) => {
  rejectQueryOptions(request.query)
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
  const type = '#microsoft.graph.application' as const
  const typed = applications.map((document) => ({ '@odata.type': type, ...document }))
  return { value: [...typed, ...principals] }
}

/** `POST /directoryObjects/getByIds`: the objects that exist and that the caller may see. */
export const getByIds: GraphHandler<typeof directoryObjectsSchema, typeof getByIdsBody> = async (
  context,
  { readBody, caller },
) => {
  const { ids, types } = readBody()
  const wanted = types?.map((type) => type.toLowerCase())
  const isWanted = (type: string) => wanted === undefined || wanted.includes(type)
  const guids = [...new Set(ids.map(parseGuid).filter((id) => id !== undefined))]
  const users = isWanted('user') ? await context.directory.people.named(guids) : []
  const principals = isWanted('serviceprincipal')
    ? await context.directory.applications.servicePrincipalsNamed(guids)
    : []
  const groups = isWanted('group') ? await context.directory.groups.named(guids) : []
  const { readsAll, principal } = caller
  const ownGroups = readsAll || groups.length === 0 ? [] : await context.directory.groups.idsOf(principal.objectId)
  const seenUsers = users.filter((user) => readsAll || user.objectId === principal.objectId)
  const seenPrincipals = readsAll ? principals : await ownAmong(context, caller, principals)
  const seenGroups = groups.filter((row) => readsAll || ownGroups.includes(row.objectId))
  const documents = [...seenUsers.map(userDocument), ...seenGroups.map(groupDocument)]
  return { value: [...documents, ...(await servicePrincipalDocuments(context, seenPrincipals))] }
}

/** The maximum number of owned objects in one response. */
const ownedLimit = 999

/**
 * `DELETE /directoryObjects/{id}`: deletes a principal of a trusted tenant with all its permissions. Objects of our own
 * directory are deleted through their own collections.
 */
export const deleteDirectoryObject: GraphHandler<'none'> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const id = requirePathId(call)
  await change(
    context,
    call,
    async (transaction) => {
      if (!(await context.directory.externalPrincipals.remove(transaction, id))) throw resourceNotFound(id)
    },
    () => ({ action: 'external-principal.delete', target: id }),
  )
}
