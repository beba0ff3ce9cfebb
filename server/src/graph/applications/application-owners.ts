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
export const listApplicationOwners: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  await requireVisible(graph, call.caller, id, await graph.directory.applications.find(id))
  return { value: await objectDocuments(graph, await graph.directory.applications.ownerIds(id)) }
}

/** `GET /servicePrincipals/{id}/owners`: those of its application. */
export const listServicePrincipalOwners: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const { applications } = graph.directory
  const id = requirePathId(call)
  const principal = await requireVisible(graph, call.caller, id, await applications.findServicePrincipal(id))
  return { value: await objectDocuments(graph, await applications.ownerIds(applicationIdOf(principal))) }
}

/** `POST /applications/{id}/owners/$ref` */
export const addApplicationOwner: GraphHandler = async (graph, call) => {
  const id = requirePathId(call)
  const { '@odata.id': ownerId } = readBody(referenceBody, call.request.body)
  await change(
    graph,
    call,
    (transaction) => graph.directory.applications.addOwner(transaction, id, ownerId),
    () => ({ action: 'application.add-owner', target: `applications/${id}`, detail: { ownerId } }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /applications/{id}/owners/{owner}/$ref` */
export const removeApplicationOwner: GraphHandler = async (graph, call) => {
  const id = requirePathId(call)
  const ownerId = requireOtherId(call, 'owner')
  await change(
    graph,
    call,
    (transaction) => graph.directory.applications.removeOwner(transaction, id, ownerId),
    () => ({ action: 'application.remove-owner', target: `applications/${id}`, detail: { ownerId } }),
  )
  return call.reply.code(204).send()
}
