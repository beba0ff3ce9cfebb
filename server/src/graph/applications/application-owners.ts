import type { referenceBody } from '../protocol/body.ts'
import { applicationIdOf, change, requirePathId, requireVisible, requireOtherId } from '../protocol/context.ts'
import type { directoryObjectsSchema } from '../protocol/documents.ts'
import { objectDocuments } from '../protocol/object-documents.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** `GET /applications/{id}/owners` */
export const listApplicationOwners: GraphHandler<typeof directoryObjectsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const id = requirePathId(call)
  await requireVisible(context, call.caller, id, await context.directory.applications.find(id))
  return { value: await objectDocuments(context, await context.directory.applications.ownerIds(id)) }
}

/** `GET /servicePrincipals/{id}/owners`: the owners of its application. */
export const listServicePrincipalOwners: GraphHandler<typeof directoryObjectsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const { applications } = context.directory
  const id = requirePathId(call)
  const principal = await requireVisible(context, call.caller, id, await applications.findServicePrincipal(id))
  return { value: await objectDocuments(context, await applications.ownerIds(applicationIdOf(principal))) }
}

/** `POST /applications/{id}/owners/$ref` */
export const addApplicationOwner: GraphHandler<'none', typeof referenceBody> = async (context, call) => {
  const id = requirePathId(call)
  const { '@odata.id': ownerId } = call.readBody()
  await change(
    context,
    call,
    (transaction) => context.directory.applications.addOwner(transaction, id, ownerId),
    () => ({ action: 'application.add-owner', target: `applications/${id}`, detail: { ownerId } }),
  )
}

/** `DELETE /applications/{id}/owners/{owner}/$ref` */
export const removeApplicationOwner: GraphHandler<'none'> = async (context, call) => {
  const id = requirePathId(call)
  const ownerId = requireOtherId(call, 'owner')
  await change(
    context,
    call,
    (transaction) => context.directory.applications.removeOwner(transaction, id, ownerId),
    () => ({ action: 'application.remove-owner', target: `applications/${id}`, detail: { ownerId } }),
  )
}
