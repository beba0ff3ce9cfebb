import type { ApplicationRecord } from '../../directory/index.ts'
import { applicationChangeBody, newApplicationBody } from './bodies.ts'
import { readBody } from '../surface/body.ts'
import { type Document, applicationDocument } from '../surface/documents.ts'
import {
  type GraphContext,
  type GraphHandler,
  change,
  requirePathId,
  requireVisible,
  visibleTo,
} from '../surface/context.ts'
import { insufficientPrivileges } from '../surface/errors.ts'
import { filterableApplications } from '../surface/filter.ts'
import { listPage } from '../surface/page.ts'
import { parseListQuery, refuseQueryOptions } from '../surface/query.ts'
import type { KeyCredential } from '../../credentials/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'

/** `GET /applications` */
export const listApplications: GraphHandler = async (context, { request, caller }) => {
  const query = parseListQuery(filterableApplications, request.query)
  const { conditions, after, pageSize } = query
  const page = { conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 }
  const rows = await context.directory.applications.list(page)
  return listPage(context, caller, 'applications', query, rows, (shown) => applicationDocuments(context, shown))
}

/** `POST /applications` */
export const createApplication: GraphHandler = async (context, call) => {
  const body = readBody(newApplicationBody, call.request.body)
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
  return (await applicationDocuments(context, [row]))[0]
}

/** `GET /applications/{id}` */
export const getApplication: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  const row = await requireVisible(context, call.caller, id, await context.directory.applications.find(id))
  return (await applicationDocuments(context, [row]))[0]
}

/** `PATCH /applications/{id}` */
export const updateApplication: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  const body = readBody(applicationChangeBody, call.request.body)
  const { keyCredentials, ...others } = body
  // The owner of an application changes its credentials; what it is called is the directory owner's to say.
  if (!call.caller.isDirectoryOwner && Object.keys(others).length > 0) throw insufficientPrivileges()
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
  return call.reply.code(204).send()
}

/** `DELETE /applications/{id}` */
export const deleteApplication: GraphHandler = async (context, call) => {
  const id = requirePathId(call)
  await change(
    context,
    call,
    (transaction) => context.directory.applications.deleteApplication(transaction, id),
    ({ appId }) => ({ action: 'application.delete', target: `applications/${id}`, detail: { appId } }),
  )
  return call.reply.code(204).send()
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
): Promise<Document[]> {
  const described = await directory.applications.describe(applications)
  const heldBy = await credentials.heldBy(described.map(({ objectId }) => objectId))
  const { defaultDomain } = await directory.tenant()
  return described.map((application) =>
    applicationDocument({ ...application, ...heldBy(application.objectId) }, defaultDomain),
  )
}
