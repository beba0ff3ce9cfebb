import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type DecisionRecord, recordDecision } from '../authorization/index.ts'
import { type AuditEvent, attributionOf, recordDenial } from '../audit/index.ts'
import { requestOrigin } from '../platform/http/app.ts'
import { type Call, type Route, type RouteDescription, describeRoutes, mountSurface } from '../platform/http/surface.ts'
import { typeOfPath } from './arm/api-versions.ts'
import { authenticate } from './arm/authenticate.ts'
import type { ManagementCall, ManagementCaller } from './arm/context.ts'
import type { ManagementContext } from './context.ts'
import { ArmError } from './arm/errors.ts'
import { getMetadata } from './server/metadata.ts'
import { budgetKeyOf } from '../platform/http/batch.ts'
import { type CallerNeed, type ManagementNeed, requireNeed } from './arm/need.ts'
import { pageOf } from './arm/page.ts'
import { readPathNames, scopeOf } from './arm/path-scope.ts'
import { parameter, requireApiVersion, unsupportedFilter } from './arm/query.ts'
import { prepare, renderError } from './arm/render.ts'
import { createVersionPolicy } from './arm/version-policy.ts'
import { rows } from './routes.ts'
import type { ManagementRow } from './table.ts'

const metadataRow = { id: 'management.metadata', method: 'GET', path: '/metadata/endpoints', cost: 'small' } as const

/** The route table of the ARM surface. */
export const managementRoutes: readonly RouteDescription[] = [
  { ...metadataRow, need: 'public', response: getMetadata.response },
  ...describeRoutes(rows.map((row) => ({ ...row, body: row.handle.body, response: row.handle.response }))),
]

/** The ARM surface: `/metadata/endpoints`, `/subscriptions/*`, `/providers/*`, `/tenants`. */
export interface Management {
  mount(app: FastifyInstance): void
  /** The route table. A need names the ARM action; its scope is the one that the path names. */
  readonly routes: readonly RouteDescription[]
}

/** Creates the management API. */
export function createManagement(context: ManagementContext): Management {
  return { mount: (app) => mountManagement(app, context), routes: managementRoutes }
}

type RowNeed = { readonly id: string; readonly need: ManagementNeed; readonly versionless?: true | undefined }

function mountManagement(app: FastifyInstance, context: ManagementContext): void {
  const versionOf = createVersionPolicy(context)
  const metadataRoute: Route<RowNeed, ManagementCaller | undefined> = {
    ...metadataRow,
    need: { id: metadataRow.id, need: 'public' },
    handle: ({ request }) => getMetadata(context, request),
  }
  mountSurface(
    app,
    {
      name: 'management',
      routes: [metadataRoute, ...rows.map((row) => toRoute(context, row, versionOf))],
      territory: ['/metadata/endpoints/*', '/tenants/*', '/subscriptions/*', '/providers/*'],
      authority: context.database,
      authorize: async (row, request, isUnderWay) =>
        row.need === 'public' ? undefined : admit(context, { ...row, need: row.need }, request, isUnderWay),
      budgetKey: (caller, isBatch) => caller && budgetKeyOf(caller.principal.objectId, isBatch),
      renderError: (error, request, reply) => renderError(context, error, request, reply),
      notFound: () => new ArmError('noRoute', 'There is no endpoint at this path.'),
    },
    (scope) => prepare(context, scope),
  )
}

function toRoute(
  context: ManagementContext,
  row: ManagementRow,
  versionOf: ReturnType<typeof createVersionPolicy>,
): Route<RowNeed, ManagementCaller | undefined> {
  const type = typeOfPath(row.path)
  return {
    id: row.id,
    method: row.method,
    path: row.path,
    cost: row.cost,
    stepUp: row.stepUp,
    defers: row.defers,
    isBatch: row.isBatch,
    need: { id: row.id, need: row.need, versionless: row.versionless },
    handle: async ({ caller, ...call }: Call<ManagementCaller | undefined>) => {
      if (caller === undefined) throw new Error(`${row.id} was reached without a caller`)
      const { request, reply } = call
      if (type !== undefined && row.path.includes('/registries')) {
        reply.header('api-supported-versions', type.versions.toReversed().join(', '))
      }
      const names = readPathNames(call.params)
      return recordingDenial(context, { action: row.id, request, caller }, async () => {
        if (row.filtered !== true && parameter(request.query, '$filter') !== undefined) throw unsupportedFilter()
        const apiVersion = await versionOf(type, request, names, (warning) => reply.header('warning', warning))
        return send(context, row, call, await row.handle(context, { ...call, caller, names, apiVersion }))
      })
    },
  }
}

/** Sends the result of a handler: lists in pages, and for undefined no body. Fastify does not send `null` itself. */
function send(
  { publicOrigin }: ManagementContext,
  { method, paged }: ManagementRow,
  { request, reply }: Pick<ManagementCall, 'request' | 'reply'>,
  answer: unknown,
): unknown {
  if (answer === undefined) return reply.send()
  if (answer === null) return reply.type('application/json; charset=utf-8').send('null')
  return method === 'GET' && paged !== true ? pageOf(publicOrigin, request, answer) : answer
}

/** Authenticates the sender, then authorizes the request, before the rest of the request is read. */
async function admit(
  context: ManagementContext,
  { id, need, versionless }: RowNeed & { readonly need: CallerNeed },
  request: FastifyRequest,
  isUnderWay: boolean,
): Promise<ManagementCaller> {
  const anonymous = { action: id, request, caller: undefined }
  const caller = await recordingDenial(context, anonymous, () => authenticate(context, request, isUnderWay))
  return recordingDenial(context, { action: id, request, caller }, async () => {
    await requireNeed(context, need, caller, readPathNames(request.params))
    if (versionless !== true) requireApiVersion(request)
    return caller
  })
}

/** A request to a route. Its caller is undefined until they are authenticated. */
type Attempt = {
  /** The id of the route. */
  readonly action: string
  readonly request: FastifyRequest
  readonly caller: ManagementCaller | undefined
}

/**
 * Does the work, and records its denial: a missing or invalid token, a missing permission, and every failed change. A
 * request without a credential leaves no event; otherwise anyone could fill the disk with events.
 */
function recordingDenial<Result>(
  context: ManagementContext,
  { action, request, caller }: Attempt,
  work: () => Promise<Result>,
): Promise<Result> {
  const eventOf = async (error: unknown): Promise<AuditEvent | undefined> => {
    if (!(error instanceof ArmError) || !isWorthAnEvent(error, request)) return undefined
    const decision = await decisionAgainst(context, caller, error)
    return {
      action,
      outcome: 'refused',
      ...(caller === undefined ? claimantOf(error) : attributionOf(caller)),
      target: targetOf(request),
      reason: error.code,
      ...(decision !== undefined && { detail: { decision } }),
      origin: requestOrigin(request),
    }
  }
  return recordDenial(context.audit, eventOf, work)
}

/** The owner of a rejected token, if this server signed it. */
function claimantOf({ owner }: ArmError): Pick<AuditEvent, 'actor' | 'credential'> {
  if (owner === undefined) return { actor: { kind: 'anonymous', id: '' } }
  const { kind, objectId, credentialId } = owner
  return { actor: { kind, id: objectId }, credential: { kind: 'identity-token', id: credentialId } }
}

/** The recorded decision about a missing permission. */
async function decisionAgainst(
  { access }: ManagementContext,
  caller: ManagementCaller | undefined,
  { wanted, decision }: ArmError,
): Promise<DecisionRecord | undefined> {
  if (caller === undefined || wanted === undefined) return decision
  return recordDecision(await access.explainAction(caller.rights, wanted.action, wanted.scope))
}

function isWorthAnEvent({ status }: ArmError, { method, headers }: FastifyRequest): boolean {
  if (status === 401) return headers.authorization !== undefined
  return status === 403 || (method !== 'GET' && method !== 'HEAD')
}

/** The resource that the path names, or the path itself if its names are malformed. */
function targetOf(request: FastifyRequest): string {
  try {
    return scopeOf(readPathNames(request.params))
  } catch {
    return request.url.split('?')[0] ?? ''
  }
}
