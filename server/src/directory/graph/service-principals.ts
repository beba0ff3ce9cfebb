import { insufficientPrivileges } from '../errors.ts'
import { newServicePrincipalBody, readBody, servicePrincipalChangeBody } from './bodies.ts'
import { type Graph, type GraphHandler, change, requirePathId, requireVisible, visibleTo } from './call.ts'
import { type Belongings, type Document, servicePrincipalDocument } from './documents.ts'
import { filterableServicePrincipals } from './filter.ts'
import { listPage } from './page.ts'
import { parseListQuery, refuseQueryOptions } from './query.ts'
import type { NamedServicePrincipalRow } from '../lookup-store.ts'

/** `GET /servicePrincipals` */
export const listServicePrincipals: GraphHandler = async (graph, { request, caller }) => {
  const query = parseListQuery(filterableServicePrincipals, request.query)
  const { conditions, after, pageSize } = query
  const page = { conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 }
  const rows = await graph.store.listServicePrincipals(page)
  return listPage(graph, caller, 'servicePrincipals', query, rows, (shown) => servicePrincipalDocuments(graph, shown))
}

/** `POST /servicePrincipals` */
export const createServicePrincipal: GraphHandler = async (graph, call) => {
  const { appId, accountEnabled = true } = readBody(newServicePrincipalBody, call.request.body)
  const rights = { enabled: accountEnabled, directoryRole: null }
  const row = await change(
    graph,
    call,
    (transaction) => graph.applications.createServicePrincipal(transaction, appId, rights),
    ({ object_id }) => ({
      action: 'service-principal.create',
      target: `servicePrincipals/${object_id}`,
      detail: { appId, accountEnabled },
    }),
  )
  call.reply.code(201)
  return (await servicePrincipalDocuments(graph, [row]))[0]
}

/** `GET /servicePrincipals/{id}` */
export const getServicePrincipal: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  const row = await requireVisible(
    graph,
    call.caller,
    id,
    await graph.store.servicePrincipal(undefined, 'object_id', id),
  )
  return (await servicePrincipalDocuments(graph, [row]))[0]
}

/** `PATCH /servicePrincipals/{id}` */
export const updateServicePrincipal: GraphHandler = async (graph, call) => {
  const id = requirePathId(call)
  const body = readBody(servicePrincipalChangeBody, call.request.body)
  const { accountEnabled, keyCredentials } = body
  if (!call.caller.isDirectoryOwner && accountEnabled !== undefined) throw insufficientPrivileges()
  const wanted = { enabled: accountEnabled, keyCredentials }
  await change(
    graph,
    call,
    (transaction) => graph.applications.updateServicePrincipal(transaction, id, wanted),
    () => ({
      action: 'service-principal.update',
      target: `servicePrincipals/${id}`,
      detail: { accountEnabled, certificates: keyCredentials?.length },
    }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /servicePrincipals/{id}` */
export const deleteServicePrincipal: GraphHandler = async (graph, call) => {
  const id = requirePathId(call)
  await change(
    graph,
    call,
    (transaction) => graph.applications.deleteServicePrincipal(transaction, id),
    ({ app_id }) => ({
      action: 'service-principal.delete',
      target: `servicePrincipals/${id}`,
      detail: { appId: app_id },
    }),
  )
  return call.reply.code(204).send()
}

/** The documents of service principals, with three reads for all of them. */
export async function servicePrincipalDocuments(
  { store, tenant }: Graph,
  rows: readonly NamedServicePrincipalRow[],
): Promise<Document[]> {
  const ids = rows.map((row) => row.object_id)
  const [uris, secrets, certificates] = await Promise.all([
    store.urisOf(rows.map((row) => row.application_id)),
    store.secretsOf(ids),
    store.certificatesOf(ids),
  ])
  const { tenantId } = await tenant()
  return rows.map((row) => {
    const belongings: Belongings = {
      uris: uris.filter((uri) => uri.application_id === row.application_id).map(({ uri }) => uri),
      secrets: secrets.filter((secret) => secret.holder_id === row.object_id),
      certificates: certificates.filter((certificate) => certificate.holder_id === row.object_id),
    }
    return servicePrincipalDocument(row, belongings, tenantId)
  })
}
