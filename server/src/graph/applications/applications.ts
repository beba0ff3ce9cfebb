import type { ApplicationRecord } from '../../directory/index.ts'
import type { applicationChangeBody, newApplicationBody } from './bodies.ts'
import {
  type Application,
  type applicationPageSchema,
  type applicationSchema,
  applicationDocument,
} from '../protocol/documents.ts'
import {
  type GraphContext,
  change,
  requireMayBecomeApplication,
  requirePathId,
  requireVisible,
} from '../protocol/context.ts'
import { insufficientPrivileges } from '../protocol/errors.ts'
import { filterableApplications } from '../protocol/filter.ts'
import { visiblePage } from '../protocol/page.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import type { GraphHandler } from '../protocol/route.ts'
import type { KeyCredential } from '../../credentials/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'

/** `GET /applications` */
export const listApplications: GraphHandler<typeof applicationPageSchema> = (context, call) =>
  visiblePage(context, call, {
    path: 'applications',
    filterable: filterableApplications,
    list: (page) => context.directory.applications.list(page),
    render: (shown) => applicationDocuments(context, shown),
  })

/** `POST /applications` */
export const createApplication: GraphHandler<typeof applicationSchema, typeof newApplicationBody> = async (
  context,
  call,
) => {
  const body = call.readBody()
  const ownerId = call.caller.principal.objectId
  const row = await change(
    context,
    call,
    async (transaction) => {
      const made = await context.directory.applications.createApplication(transaction, body, ownerId)
      await replaceCertificates(context, transaction, made.objectId, body.keyCredentials)
      return made
    },
    ({ objectId, appId, displayName }) => ({
      action: 'application.create',
      target: `applications/${objectId}`,
      detail: { appId, displayName },
    }),
  )
  call.reply.code(201)
  return describeApplication(context, row)
}

/** `GET /applications/{id}` */
export const getApplication: GraphHandler<typeof applicationSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const id = requirePathId(call)
  const row = await requireVisible(context, call.caller, id, await context.directory.applications.find(id))
  return describeApplication(context, row)
}

/** `PATCH /applications/{id}` */
export const updateApplication: GraphHandler<'none', typeof applicationChangeBody> = async (context, call) => {
  const id = requirePathId(call)
  const body = call.readBody()
  const { keyCredentials, ...others } = body
  // An owner of an application changes its credentials only. All else is for owners of the directory.
  if (!call.caller.isDirectoryOwner && Object.keys(others).length > 0) throw insufficientPrivileges()
  if (keyCredentials !== undefined) await requireMayBecomeApplication(context, call, id)
  await change(
    context,
    call,
    async (transaction) => {
      await context.directory.applications.updateApplication(transaction, id, body)
      await replaceCertificates(context, transaction, id, keyCredentials)
    },
    () => ({
      action: 'application.update',
      target: `applications/${id}`,
      detail: { properties: Object.keys(body), certificates: keyCredentials?.length },
    }),
  )
}

/** `DELETE /applications/{id}` */
export const deleteApplication: GraphHandler<'none'> = async (context, call) => {
  const id = requirePathId(call)
  await change(
    context,
    call,
    (transaction) => context.directory.applications.deleteApplication(transaction, id),
    ({ appId }) => ({ action: 'application.delete', target: `applications/${id}`, detail: { appId } }),
  )
}

async function replaceCertificates(
  { credentials }: GraphContext,
  transaction: Transaction,
  objectId: string,
  certificates: readonly KeyCredential[] | undefined,
): Promise<void> {
  if (certificates === undefined) return
  await credentials.replaceCertificates(transaction, 'applications', objectId, certificates)
}

/** The documents of applications. */
export async function applicationDocuments(
  { credentials, directory }: GraphContext,
  applications: readonly ApplicationRecord[],
): Promise<Application[]> {
  const described = await directory.applications.describe(applications)
  const heldBy = await credentials.heldBy(described.map(({ objectId }) => objectId))
  const { defaultDomain } = await directory.tenant()
  return described.map((application) =>
    applicationDocument({ ...application, ...heldBy(application.objectId) }, defaultDomain),
  )
}

async function describeApplication(context: GraphContext, application: ApplicationRecord): Promise<Application> {
  const [document] = await applicationDocuments(context, [application])
  if (document === undefined) throw new Error(`the application ${application.objectId} cannot be rendered`)
  return document
}
