import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type AuditEvent, attributionOf, recordDenial } from '../audit/index.ts'
import type { Directory } from '../directory/index.ts'
import type { DocumentOf } from '../platform/http/api-schema.ts'
import { budgetKeyOf } from '../platform/http/batch.ts'
import { requestOrigin } from '../platform/http/app.ts'
import { type Route, type RouteDescription, describeRoutes, mountSurface } from '../platform/http/surface.ts'
import {
  GraphError,
  type errorResponse,
  insufficientPrivileges,
  toGraphError,
  unauthenticated,
} from './protocol/errors.ts'
import { type GraphCaller, type GraphContext, applicationIdOf, parsePathId } from './protocol/context.ts'
import type { GraphNeed } from './protocol/route.ts'
import { rows } from './routes.ts'
import type { GraphAuthenticate, GraphSender } from './protocol/model.ts'

const root = '/graph/v1.0'

/** The routes with their full paths. */
export const graphRoutes = describeRoutes(rows.map((row) => ({ ...row, path: `${root}${row.path}` })))

/** The Graph surface: `/graph/v1.0/*`. */
export interface GraphSurface {
  mount(app: FastifyInstance): void
  /** The route table. */
  readonly routes: readonly RouteDescription[]
}

type GraphOptions = GraphContext & {
  /** A port: the composition root decides how a token is verified. */
  readonly authenticate: GraphAuthenticate
}

/** Creates the Graph surface. */
export function createGraph(options: GraphOptions): GraphSurface {
  return { mount: (app) => mountGraphSurface(app, options), routes: graphRoutes }
}

function mountGraphSurface(app: FastifyInstance, { authenticate, ...context }: GraphOptions): void {
  const routes = rows.map((row): Route<{ readonly id: string; readonly need: GraphNeed }, GraphCaller> => ({
    id: row.id,
    method: row.method,
    path: `${root}${row.path}`,
    cost: row.cost,
    stepUp: row.stepUp,
    isBatch: row.isBatch,
    need: row,
    handle: (call) => {
      const attempt = { request: call.request, routeId: row.id, sender: call.caller }
      return recordMissingPermission(context, attempt, () => row.handle(context, call))
    },
  }))
  mountSurface(
    app,
    {
      name: 'graph',
      routes,
      territory: ['/graph', '/graph/*'],
      authority: context.database,
      authorize: async ({ id, need }, request, isUnderWay) => {
        const sender = await recordDenial(
          context.audit,
          async (error) => unauthenticatedEvent(request, id, error),
          () => authenticateSender(authenticate, request, isUnderWay),
        )
        const attempt = { request, routeId: id, sender }
        return recordMissingPermission(context, attempt, () => admit(context, need, sender, request))
      },
      budgetKey: ({ principal }, isBatch) => budgetKeyOf(principal.objectId, isBatch),
      renderError: (error, request, reply) => renderGraphError(context, error, request, reply),
      notFound: () => new GraphError('noRoute', 'Resource not found for the segment.'),
    },
    (scope) => {
      scope.addHook('onRequest', (_request, reply, done) => {
        reply.header('cache-control', 'no-store')
        done()
      })
      acceptJson(scope)
    },
  )
}

/** Accepts only JSON bodies. A DELETE has no body, although clients send a content type with it. */
function acceptJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (request.method === 'DELETE') done(null, undefined)
    else void parse(request, body as string, done)
  })
  scope.addContentTypeParser('*', { parseAs: 'string' }, (request, _body, done) => {
    if (request.method === 'DELETE') done(null, undefined)
    else done(new GraphError('notJson', 'The request body must be application/json.'))
  })
}

async function authenticateSender(
  authenticate: GraphAuthenticate,
  { headers }: FastifyRequest,
  isUnderWay: boolean,
): Promise<GraphSender> {
  const sender = await authenticate(headers.authorization, isUnderWay)
  if (sender === undefined) throw unauthenticated()
  return sender
}

async function admit(
  context: GraphContext,
  need: GraphNeed,
  { principal, credentialId }: GraphSender,
  request: FastifyRequest,
): Promise<GraphCaller> {
  const { directory } = context
  const self =
    principal.kind === 'user'
      ? await directory.people.find(principal.objectId)
      : await directory.applications.findServicePrincipal(principal.objectId)
  if (self === undefined) throw unauthenticated()
  const isDirectoryOwner = self.directoryRole === 'owner'
  const readsAll = isDirectoryOwner || self.directoryRole === 'reader'
  const caller: GraphCaller = { principal, credentialId, isDirectoryOwner, readsAll }
  if (need === 'visible' || need === 'self' || caller.isDirectoryOwner) return caller
  if (need === 'application-owner' && (await ownsApplicationInPath(context, caller, request))) return caller
  if (need === 'group-owner' && (await ownsGroupInPath(directory, caller, request))) return caller
  throw insufficientPrivileges()
}

/**
 * Whether the caller owns the application in the path. An application does not own itself, so it cannot create a credential
 * that outlives its own. An owner may not create credentials of an application that has more rights on the directory than
 * the owner, or that can assign roles that the owner cannot: such a credential would give these rights to the owner.
 */
async function ownsApplicationInPath(
  { directory: { applications }, mayBecome }: GraphContext,
  caller: GraphCaller,
  request: FastifyRequest,
): Promise<boolean> {
  const id = parsePathId(request)
  if (id === undefined) return false
  const owned = (await applications.find(id)) ?? (await applications.findServicePrincipal(id))
  if (owned === undefined) return false
  const ownerIds = await applications.ownerIds(applicationIdOf(owned))
  if (!ownerIds.includes(caller.principal.objectId)) return false
  const principal = await applications.servicePrincipalOf(owned.appId)
  return principal === undefined || (await mayBecome(caller.principal.objectId, principal.objectId)) === undefined
}

async function ownsGroupInPath({ groups }: Directory, caller: GraphCaller, request: FastifyRequest): Promise<boolean> {
  const id = parsePathId(request)
  return id !== undefined && (await groups.ownerIds(id)).includes(caller.principal.objectId)
}

type Attempt = { readonly request: FastifyRequest; readonly routeId: string; readonly sender: GraphSender }

/** Records an event if the work fails because the sender lacks a permission. */
function recordMissingPermission<Result>(
  { audit }: GraphContext,
  { request, routeId, sender }: Attempt,
  work: () => Promise<Result>,
): Promise<Result> {
  const eventOf = async (error: unknown) =>
    error instanceof GraphError && error.status === 403
      ? denialEvent(request, routeId, attributionOf(sender), error.code)
      : undefined
  return recordDenial(audit, eventOf, work)
}

/** Undefined for a request without a token, because anonymous callers could fill the disk with events. */
function unauthenticatedEvent(request: FastifyRequest, routeId: string, error: unknown): AuditEvent | undefined {
  if (request.headers.authorization === undefined) return undefined
  const reason = error instanceof GraphError ? error.code : 'error'
  return denialEvent(request, routeId, { actor: { kind: 'anonymous', id: '' } }, reason)
}

function denialEvent(
  request: FastifyRequest,
  routeId: string,
  attribution: Pick<AuditEvent, 'actor' | 'credential'>,
  reason: string,
): AuditEvent {
  const target = parsePathId(request) ?? ''
  return { action: routeId, outcome: 'refused', ...attribution, target, reason, origin: requestOrigin(request) }
}

function renderGraphError(
  { log, clock }: GraphContext,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const error = toGraphError(thrown)
  if (error.status >= 500) log.error({ id: request.id, err: thrown }, 'the Graph surface failed')
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="", error="invalid_token"')
  const { code, message } = error
  const innerError = { date: new Date(clock.now()).toISOString().slice(0, 19), 'request-id': request.id }
  const document: DocumentOf<typeof errorResponse> = { error: { code, message, innerError } }
  return reply.code(error.status).send(document)
}
