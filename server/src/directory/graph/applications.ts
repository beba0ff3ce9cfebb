import { noSignIn } from '../application-sign-in-store.ts'
import { readBody, applicationChangeBody, newApplicationBody } from './bodies.ts'
import { type Belongings, type Document, applicationDocument } from './documents.ts'
import { type Graph, type GraphHandler, change, requirePathId, requireVisible, visibleTo } from './call.ts'
import { insufficientPrivileges } from '../errors.ts'
import { filterableApplications } from './filter.ts'
import { listPage } from './page.ts'
import { parseListQuery, refuseQueryOptions } from './query.ts'
import type { ApplicationRow } from '../tables.ts'

/** `GET /applications` */
export const listApplications: GraphHandler = async (graph, { request, caller }) => {
  const query = parseListQuery(filterableApplications, request.query)
  const { conditions, after, pageSize } = query
  const page = { conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 }
  const rows = await graph.store.listApplications(page)
  return listPage(graph, caller, 'applications', query, rows, (shown) => applicationDocuments(graph, shown))
}

/** `POST /applications` */
export const createApplication: GraphHandler = async (graph, call) => {
  const body = readBody(newApplicationBody, call.request.body)
  const ownerId = call.caller.principal.objectId
  const row = await change(
    graph,
    call,
    (transaction) => graph.applications.createApplication(transaction, body, ownerId),
    ({ object_id, app_id, display_name }) => ({
      action: 'application.create',
      target: `applications/${object_id}`,
      detail: { appId: app_id, displayName: display_name },
    }),
  )
  call.reply.code(201)
  return (await applicationDocuments(graph, [row]))[0]
}

/** `GET /applications/{id}` */
export const getApplication: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  const row = await requireVisible(graph, call.caller, id, await graph.store.application(undefined, 'object_id', id))
  return (await applicationDocuments(graph, [row]))[0]
}

/** `PATCH /applications/{id}` */
export const updateApplication: GraphHandler = async (graph, call) => {
  const id = requirePathId(call)
  const body = readBody(applicationChangeBody, call.request.body)
  const { keyCredentials, ...others } = body
  // The owner of an application changes its credentials; what it is called is the directory owner's to say.
  if (!call.caller.isDirectoryOwner && Object.keys(others).length > 0) throw insufficientPrivileges()
  await change(
    graph,
    call,
    (transaction) => graph.applications.updateApplication(transaction, id, body),
    () => ({
      action: 'application.update',
      target: `applications/${id}`,
      detail: { properties: Object.keys(body), certificates: keyCredentials?.length },
    }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /applications/{id}` */
export const deleteApplication: GraphHandler = async (graph, call) => {
  const id = requirePathId(call)
  await change(
    graph,
    call,
    (transaction) => graph.applications.deleteApplication(transaction, id),
    ({ app_id }) => ({ action: 'application.delete', target: `applications/${id}`, detail: { appId: app_id } }),
  )
  return call.reply.code(204).send()
}

/** The documents of applications, with four reads for all of them. */
export async function applicationDocuments(
  { store, signIns, tenant }: Graph,
  rows: readonly ApplicationRow[],
): Promise<Document[]> {
  const ids = rows.map((row) => row.object_id)
  const [uris, secrets, certificates, signInById] = await Promise.all([
    store.urisOf(ids),
    store.secretsOf(ids),
    store.certificatesOf(ids),
    signIns.of(ids),
  ])
  const { defaultDomain } = await tenant()
  return rows.map((row) => {
    const belongings: Belongings = {
      uris: uris.filter((uri) => uri.application_id === row.object_id).map(({ uri }) => uri),
      secrets: secrets.filter((secret) => secret.holder_id === row.object_id),
      certificates: certificates.filter((certificate) => certificate.holder_id === row.object_id),
    }
    return applicationDocument(row, belongings, signInById.get(row.object_id) ?? noSignIn, defaultDomain)
  })
}
