import type { IncomingMessage } from 'node:http'
import type { HTTPMethods } from 'fastify'
import { failedBefore } from '../authorization/index.ts'
import type { Audit } from '../audit/index.ts'
import { AuthorityMovedError } from '../platform/process/authorized-work.ts'
import { DatabaseBusyError } from '../platform/process/outage.ts'
import type { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Origin } from '../platform/http/app.ts'
import { readFormText } from '../platform/http/form-body.ts'
import { createRawDispatch } from '../platform/http/raw-dispatch.ts'
import type { RawExchange, RawSurface } from '../platform/http/raw-surface.ts'
import { routeCosts } from '../platform/http/route-cost.ts'
import { endResponse } from '../platform/http/unread-body.ts'
import type { Log } from '../platform/log/log.ts'
import type { Database } from '../platform/sql/database.ts'
import type { Registry, Resources } from '../resources/index.ts'
import { noRegistryAt } from '@acrux/shared/standards/azure/login-server.ts'
import { type NetworkDenial, networkChange, networkDenial } from '@acrux/shared/standards/azure/network-rules.ts'
import { type DescribedError, TokenError, describeError } from './endpoint/errors.ts'
import { networkDenialText, throttled } from './denials/denials.ts'
import type { TokenRoute } from './routes.ts'
import type { Throttle } from './limits/throttle.ts'
import { IssuedEvents } from './endpoint/issued-events.ts'
import type { TokenCall } from './endpoint/token-request.ts'

type SurfaceOptions = {
  readonly budgets: CallerBudgets
  readonly database: Database
  readonly routes: readonly TokenRoute[]
  readonly resources: Resources
  /** Finds the registry that is served at the server's own address, for a request to an unknown host. */
  readonly atOwnAddress?: (request: IncomingMessage) => Promise<Registry | undefined>
  readonly audit: Audit
  readonly log: Log
  readonly throttle: Throttle
  /** In a thread that only reads: leaves a request to the main thread. */
  readonly leaveToMainThread?: ((exchange: RawExchange) => void) | undefined
}

/** The options, and the routes by method and path. */
type SurfaceContext = SurfaceOptions & { readonly rows: ReadonlyMap<string, TokenRoute> }

/** The registry of a request, and the revision of authority, read before the registry. */
type Located = Pick<TokenCall, 'revision' | 'registry'>

/** All methods, so that this surface answers "not found" for a method without a row. */
const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** `/oauth2/*` as a raw surface. It finds the row, then the registry, reads the form, and calls the handler. */
export function createTokenSurface(options: SurfaceOptions): RawSurface {
  const rows = new Map(options.routes.map((route) => [`${route.method} ${route.path}`, route]))
  const context = { ...options, rows }
  const { budgets, log, leaveToMainThread } = options
  return {
    name: 'token-service',
    paths: ['/oauth2'],
    methods,
    handle: createRawDispatch({
      serve: (exchange) => serve(context, exchange),
      describe: describeError,
      sendFailure,
      failureCost: { budgets, milliseconds: failureCostMs },
      logging: { log, message: 'a token request failed' },
      leaveToMainThread,
    }),
  }
}

async function serve(context: SurfaceContext, exchange: RawExchange): Promise<void> {
  const { request, response, origin, commonHeaders } = exchange
  const { url = '' } = request
  const queryAt = url.indexOf('?')
  const row = requireRow(context, request, queryAt === -1 ? url : url.slice(0, queryAt))
  let located = await locate(context, request, origin)
  const retryAfterSeconds = context.throttle.spendOauth(located.registry)
  if (retryAfterSeconds !== undefined) throw new TokenError('TOOMANYREQUESTS', throttled, { retryAfterSeconds })
  let parameters = queryAt === -1 ? '' : url.slice(queryAt + 1)
  if (row.body === 'form') {
    parameters = await readFormText(request)
    exchange.bodyText = parameters
    // Authority may have changed while the body was read.
    if ((await context.database.authorityRevision()) !== located.revision)
      located = await locate(context, request, origin)
  }
  const isPublic = row.need === 'public'
  const answer = await answerOf(context, row, {
    request,
    origin,
    parameters,
    issued: new IssuedEvents(context.database),
    ...located,
  })
  const text = `${answer}\n`
  const caching = isPublic ? [] : notStored
  response.writeHead(200, [...commonHeaders, ...caching, ...jsonOf(text)])
  response.end(text)
}

/** How often a request is answered at most because the authority revision moved meanwhile. */
const maxAnswers = 5

/**
 * The response to a request. If the authority revision moved while the request was verified or waited, the request is handled
 * again: no token is issued for a credential that was revoked, or for a token whose key was withdrawn. The event of a token that
 * is issued again is recorded once.
 *
 * @throws DatabaseBusyError if the revision moves again and again
 */
async function answerOf(context: SurfaceContext, row: TokenRoute, call: TokenCall): Promise<string> {
  const { budgets, database } = context
  // The handlers that read a credential charge its owner.
  if (row.need === 'public')
    return budgets.ofAddress(call.origin.remoteAddress).spend(() => row.handle(call), routeCosts[row.cost])
  let current = call
  for (let answers = 1; answers <= maxAnswers; answers += 1) {
    try {
      const answer = await row.handle(current)
      if ((await database.authorityRevision()) === current.revision) return answer
    } catch (error) {
      if (!(error instanceof AuthorityMovedError)) throw error
    }
    current = { ...call, ...(await locate(context, call.request, call.origin)) }
  }
  throw new DatabaseBusyError('the authority revision changed during every attempt to respond')
}

function requireRow({ rows }: SurfaceContext, { method = '' }: IncomingMessage, path: string): TokenRoute {
  const row = rows.get(`${method} ${path}`) ?? rows.get(`${method} ${plainPath(path)}`)
  if (row === undefined) throw new TokenError('NOT_FOUND', 'there is no endpoint at this path')
  return row
}

/** Finds the registry by the `Host` header, like the data plane. Headers of proxies cannot select a registry. */
async function locate(context: SurfaceContext, request: IncomingMessage, origin: Origin): Promise<Located> {
  const { database, resources, atOwnAddress } = context
  const { host } = request.headers
  const revision = await database.authorityRevision()
  const registry = (await resources.findRegistryByHost(host)) ?? (await atOwnAddress?.(request))
  if (registry === undefined) throw new TokenError('NAME_UNKNOWN', noRegistryAt(host))
  const closed = networkDenial(registry, origin.remoteAddress)
  if (closed !== undefined) await denyAddress(context, registry, origin, closed)
  return { revision, registry }
}

/** Denies a request by the network rules of its registry. @throws TokenError always */
async function denyAddress(
  { audit }: SurfaceContext,
  registry: Registry,
  origin: Origin,
  reason: NetworkDenial,
): Promise<never> {
  const decision = failedBefore(reason, networkChange(registry, reason, origin.remoteAddress))
  const denied = { action: 'token.access', outcome: 'refused', target: registry.loginServer, reason } as const
  await audit.append({ ...denied, actor: { kind: 'claimed', id: '' }, detail: { decision }, origin })
  throw new TokenError('DENIED', networkDenialText(origin.remoteAddress))
}

function sendFailure(exchange: RawExchange, failure: DescribedError): void {
  const { request, response, commonHeaders } = exchange
  const { code, status, message, challenge, retryAfterSeconds } = failure
  const text = `${JSON.stringify({ errors: [{ code, message, detail: null }] })}\n`
  response.writeHead(status, [
    ...commonHeaders,
    ...(challenge === undefined ? [] : ['www-authenticate', challenge]),
    ...(retryAfterSeconds === undefined ? [] : ['retry-after', String(retryAfterSeconds)]),
    ...notStored,
    ...jsonOf(text),
  ])
  endResponse(request, response, text)
}

/** The approximate time of a denial on the main thread. */
const failureCostMs = 1

const notStored = ['cache-control', 'no-store']

function jsonOf(text: string): string[] {
  return ['content-type', 'application/json; charset=utf-8', 'content-length', String(Buffer.byteLength(text))]
}

/** Normalizes a path: case, repeated slashes, a trailing slash and percent-encoding make no difference. */
function plainPath(path: string): string {
  try {
    return decodeURIComponent(path).toLowerCase().replaceAll(/\/+/g, '/').replace(/\/$/, '')
  } catch {
    return ''
  }
}
