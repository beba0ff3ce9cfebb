import { readBody, referenceBody } from '../surface/body.ts'
import {
  type GraphHandler,
  applicationIdOf,
  change,
  requirePathId,
  requireVisible,
  requireOtherId,
} from '../surface/context.ts'
import { objectDocuments } from '../surface/object-documents.ts'
import { refuseQueryOptions } from '../surface/query.ts'

/** `GET /applications/{id}/owners` */
export const listApplicationOwners: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  await requireVisible(context, call.caller, id, await context.directory.applications.find(id))
  return { value: await objectDocuments(context, await context.directory.applications.ownerIds(id)) }
}

/** `GET /servicePrincipals/{id}/owners`: those of its application. */
export const listServicePrincipalOwners: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  const { applications } = context.directory
  const id = requirePathId(call)
  const principal = await requireVisible(context, call.caller, id, await applications.findServicePrincipal(id))
  return { value: await objectDocuments(context, await applications.ownerIds(applicationIdOf(principal))) }
}

/** `POST /applications/{id}/owners/$ref` */
export const addApplicationOwner: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const { '@odata.id': ownerId } = readBody(referenceBody, call.request.body)
  await change(
    context,
    call,
    (transaction) => context.directory.applications.addOwner(transaction, id, ownerId),
    () => ({ action: 'application.add-owner', target: `applications/${id}`, detail: { ownerId } }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /applications/{id}/owners/{owner}/$ref` */
export const removeApplicationOwner: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const ownerId = requireOtherId(call, 'owner')
  await change(
    context,
    call,
    (transaction) => context.directory.applications.removeOwner(transaction, id, ownerId),
    () => ({ action: 'application.remove-owner', target: `applications/${id}`, detail: { ownerId } }),
  )
  return call.reply.code(204).send()
}
