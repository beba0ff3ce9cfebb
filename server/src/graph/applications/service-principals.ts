import { insufficientPrivileges } from '../surface/errors.ts'
import { newServicePrincipalBody, servicePrincipalChangeBody } from './bodies.ts'
import { readBody } from '../surface/body.ts'
import { type GraphHandler, change, requirePathId, requireVisible, visibleTo } from '../surface/context.ts'
import { filterableServicePrincipals } from '../surface/filter.ts'
import { listPage } from '../surface/page.ts'
import { parseListQuery, refuseQueryOptions } from '../surface/query.ts'
import { servicePrincipalDocuments } from '../surface/object-documents.ts'

/** `GET /servicePrincipals` */
export const listServicePrincipals: GraphHandler = async (context, { request, caller }) => {
  const query = parseListQuery(filterableServicePrincipals, request.query)
  const { conditions, after, pageSize } = query
  const page = { conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 }
  const rows = await context.directory.applications.listServicePrincipals(page)
  return listPage(context, caller, 'servicePrincipals', query, rows, (shown) =>
    servicePrincipalDocuments(context, shown),
  )
}

/** `POST /servicePrincipals` */
export const createServicePrincipal: GraphHandler = async (context, call) => {
  const { appId, accountEnabled = true } = readBody(newServicePrincipalBody, call.request.body)
  const rights = { enabled: accountEnabled, directoryRole: null }
  const row = await change(
    context,
    call,
    (transaction) => context.directory.applications.createServicePrincipal(transaction, appId, rights),
    ({ objectId }) => ({
      action: 'service-principal.create',
      target: `servicePrincipals/${objectId}`,
      detail: { appId, accountEnabled },
    }),
  )
  call.reply.code(201)
  return (await servicePrincipalDocuments(context, [row]))[0]
}

/** `GET /servicePrincipals/{id}` */
export const getServicePrincipal: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  const row = await requireVisible(
    context,
    call.caller,
    id,
    await context.directory.applications.findServicePrincipal(id),
  )
  return (await servicePrincipalDocuments(context, [row]))[0]
}

/** `PATCH /servicePrincipals/{id}` */
export const updateServicePrincipal: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const body = readBody(servicePrincipalChangeBody, call.request.body)
  const { accountEnabled, keyCredentials } = body
  if (!call.caller.isDirectoryOwner && accountEnabled !== undefined) throw insufficientPrivileges()
  await change(
    context,
    call,
    async (transaction) => {
      await context.directory.applications.updateServicePrincipal(transaction, id, { enabled: accountEnabled })
      if (keyCredentials === undefined) return
      await context.credentials.replaceCertificates(transaction, 'servicePrincipals', id, keyCredentials)
    },
    () => ({
      action: 'service-principal.update',
      target: `servicePrincipals/${id}`,
      detail: { accountEnabled, certificates: keyCredentials?.length },
    }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /servicePrincipals/{id}` */
export const deleteServicePrincipal: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  await change(
    context,
    call,
    (transaction) => context.directory.applications.deleteServicePrincipal(transaction, id),
    ({ appId }) => ({
      action: 'service-principal.delete',
      target: `servicePrincipals/${id}`,
      detail: { appId },
    }),
  )
  return call.reply.code(204).send()
}
