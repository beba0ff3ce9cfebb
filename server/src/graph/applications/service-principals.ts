import { insufficientPrivileges } from '../protocol/errors.ts'
import type { newServicePrincipalBody, servicePrincipalChangeBody } from './bodies.ts'
import { change, requireMayBecome, requirePathId, requireVisible } from '../protocol/context.ts'
import type { servicePrincipalPageSchema, servicePrincipalSchema } from '../protocol/documents.ts'
import { filterableServicePrincipals } from '../protocol/filter.ts'
import { visiblePage } from '../protocol/page.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import { describeServicePrincipal, servicePrincipalDocuments } from '../protocol/object-documents.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** `GET /servicePrincipals` */
export const listServicePrincipals: GraphHandler<typeof servicePrincipalPageSchema> = (context, call) =>
  visiblePage(context, call, {
    path: 'servicePrincipals',
    filterable: filterableServicePrincipals,
    list: (page) => context.directory.applications.listServicePrincipals(page),
    render: (shown) => servicePrincipalDocuments(context, shown),
  })

/** `POST /servicePrincipals` */
export const createServicePrincipal: GraphHandler<
  typeof servicePrincipalSchema,
  typeof newServicePrincipalBody
> = async (context, call) => {
  const { appId, accountEnabled = true, appRoleAssignmentRequired: assignmentRequired } = call.readBody()
  const rights = { enabled: accountEnabled, directoryRole: null, assignmentRequired }
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
  return describeServicePrincipal(context, row)
}

/** `GET /servicePrincipals/{id}` */
export const getServicePrincipal: GraphHandler<typeof servicePrincipalSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const id = requirePathId(call)
  const row = await requireVisible(
    context,
    call.caller,
    id,
    await context.directory.applications.findServicePrincipal(id),
  )
  return describeServicePrincipal(context, row)
}

/** `PATCH /servicePrincipals/{id}` */
export const updateServicePrincipal: GraphHandler<'none', typeof servicePrincipalChangeBody> = async (
  context,
  call,
) => {
  const id = requirePathId(call)
  const body = call.readBody()
  const { accountEnabled, keyCredentials, appRoleAssignmentRequired: assignmentRequired } = body
  if (!call.caller.isDirectoryOwner && accountEnabled !== undefined) throw insufficientPrivileges()
  if (keyCredentials !== undefined) await requireMayBecome(context, call, id)
  await change(
    context,
    call,
    async (transaction) => {
      const wanted = { enabled: accountEnabled, assignmentRequired }
      await context.directory.applications.updateServicePrincipal(transaction, id, wanted)
      if (keyCredentials === undefined) return
      await context.credentials.replaceCertificates(transaction, 'servicePrincipals', id, keyCredentials)
    },
    () => ({
      action: 'service-principal.update',
      target: `servicePrincipals/${id}`,
      detail: { accountEnabled, assignmentRequired, certificates: keyCredentials?.length },
    }),
  )
}

/** `DELETE /servicePrincipals/{id}` */
export const deleteServicePrincipal: GraphHandler<'none'> = async (context, call) => {
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
}
