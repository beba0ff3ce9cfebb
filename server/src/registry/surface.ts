import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Origin } from '../platform/http/app.ts'
import { MainThreadOnlyError } from '../platform/process/main-thread-only.ts'
import { noRegistryAt } from '../standards/azure/login-server.ts'
import { mountRaw, type RawExchange } from '../platform/http/raw-surface.ts'
import { discardRest } from '../platform/http/unread-body.ts'
import type { Log } from '../platform/log/log.ts'
import { parseRepositoryName } from '../standards/oci/repository-name.ts'
import type { Exchange, RegistryCall } from './surface/call.ts'
import { requireAcrRequest } from './surface/acr-rules.ts'
import { type CheckedAcrPath, type CheckedOciPath, requireAcrPath, requireOciPath } from './surface/checked-path.ts'
import { OciError, OutdatedCredentialError } from './surface/errors.ts'
import { refusalError, sendError, toOciError } from './surface/render-error.ts'
import type { Gate, HostedRegistry, RegistryNeed, Transfers, WhichRegistry } from './surface/ports.ts'
import { ClientGoneError } from './surface/read-body.ts'
import {
  indexRoutes,
  type MatchedPath,
  matchPath,
  type RegistryHandlers,
  type RegistryRoute,
  type RouteIndex,
  registryRoutes,
  routeKey,
  type RouteNeed,
} from './routes.ts'

/** The dependencies of the surface. */
export type SurfaceOptions = {
  readonly budgets: CallerBudgets
  readonly gate: Gate
  readonly registries: WhichRegistry
  readonly log: Log
  readonly transfers?: Transfers | undefined
  /** Without the handler of a route, its requests are for the main thread. */
  readonly handlers: Partial<RegistryHandlers>
  /** In a thread that only reads: leaves a request to the main thread. */
  readonly leaveToMainThread?: ((exchange: RawExchange) => void) | undefined
}

type AnyHandler = (call: RegistryCall) => Promise<void>

/** The handlers whose requests are counted as pulls or pushes. */
const countedHandlers: Readonly<Partial<Record<keyof RegistryHandlers, 'pull' | 'push'>>> = {
  getManifest: 'pull',
  putManifest: 'push',
}

const signedIn: RegistryNeed = { kind: 'signed-in' }
const noQuery = new URLSearchParams()

/** The headers of every response of the surface, in addition to those of every response of the server. */
const surfaceHeaders = [
  'docker-distribution-api-version',
  'registry/2.0',
  'vary',
  'Accept, Authorization, Origin',
  'access-control-expose-headers',
  'Docker-Content-Digest, WWW-Authenticate, Link, X-Ms-Correlation-Request-Id',
  // A manifest can be pushed as HTML, and sign-in pages have the same origin. [CSP 3 §6.3.2]
  'content-security-policy',
  "sandbox; default-src 'none'; frame-ancestors 'none'",
]

/** Other methods are answered by the server. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Adds `/v2/*` and `/acr/v1/*`. */
export function mountSurface(app: FastifyInstance, options: SurfaceOptions): void {
  mountRaw(app, { paths: ['/v2', '/acr/v1'], methods, handle: createDispatch(options) })
}

/** The options and the indexed table. */
type Dispatch = SurfaceOptions & { readonly routes: RouteIndex }

function createDispatch(options: SurfaceOptions): (exchange: RawExchange) => void {
  const dispatch: Dispatch = { ...options, routes: indexRoutes(registryRoutes) }
  return (raw) => {
    const { request, response, origin, commonHeaders } = raw
    const exchange = { request, response, commonHeaders: surfaceHeaders.concat(commonHeaders) }
    serve(dispatch, exchange, origin).then(
      () => discardRest(request),
      (error: unknown) => {
        if (error instanceof MainThreadOnlyError && dispatch.leaveToMainThread !== undefined) {
          raw.isHandedOver = true
          dispatch.leaveToMainThread(raw)
        } else fail(dispatch, exchange, origin, error)
      },
    )
  }
}

/**
 * Answers a request in this order: find the registry of the host, find the row, ask the gate, check the names, call the
 * handler. A denied caller learns nothing of the later steps, and its body is not read.
 */
async function serve(dispatch: Dispatch, exchange: Exchange, origin: Origin): Promise<void> {
  const { budgets, gate, registries, routes } = dispatch
  const { request, response, commonHeaders } = exchange
  const registry = await findRegistry(registries, request)
  if (registry === undefined) throw new OciError('NAME_UNKNOWN', { message: noRegistryAt(request.headers.host) })
  const { url = '', method = '' } = request
  const queryAt = url.indexOf('?')
  const rawPath = queryAt === -1 ? url : url.slice(0, queryAt)
  const asked = readPath(routes, method, rawPath)
  const { need } = asked
  requireHandled(dispatch, asked)
  const admission = await gate.admit(request, origin, registry, need)
  if (!admission.admitted) {
    await payForDenial(budgets, request, origin)
    throw refusalError(admission.refusal)
  }
  const { caller } = admission
  const { path, route } = checkPath(routes, asked)
  const query = queryAt === -1 ? noQuery : new URLSearchParams(url.slice(queryAt))
  if (registry.compatibility === 'acr') requireAcrRequest(method, path, query)
  const budget = budgets.ofCaller(caller.key, registry.rid, origin.remoteAddress)
  if (!budget.tryEnter()) await budget.enter()
  await callHandler(
    dispatch,
    { request, response, commonHeaders, registry, caller, budget, origin, path, query },
    { route, need },
  )
}

/** Calls the handler of a route, charges its time to the caller's budget, and counts the transfer. */
async function callHandler(
  dispatch: Dispatch,
  call: RegistryCall,
  { route, need }: { readonly route: RegistryRoute; readonly need: RegistryNeed },
): Promise<void> {
  const { gate, handlers, transfers } = dispatch
  const { budget, origin, registry, caller } = call
  let usedMs = 0
  try {
    if (heavyReads.has(route.handler)) await budget.nextTurn()
    const stopwatch = budget.stopwatch()
    // The row's constructor guarantees that the handler takes calls of this kind of path.
    const handling = (handlers[route.handler] as AnyHandler)(call)
    usedMs = stopwatch()
    await handling
    // If the handler waited for I/O, only the part before was measured; the rest is estimated.
    usedMs = stopwatch() || usedMs + (waitingCostMs[route.handler] ?? usualWaitingCostMs)
    const kind = countedHandlers[route.handler]
    if (kind !== undefined) transfers?.count(registry.rid, kind, true)
  } catch (error) {
    if (error instanceof OutdatedCredentialError) {
      throw refusalError(await gate.refuseOutdated(origin, registry, need, caller))
    }
    throw error
  } finally {
    budget.leave(usedMs)
  }
}

/** @throws MainThreadOnlyError where this thread has no handler for the route */
function requireHandled({ handlers, leaveToMainThread }: Dispatch, { route }: AskedPath): void {
  const isHandled = route !== undefined && handlers[route.handler] !== undefined
  if (!isHandled && leaveToMainThread !== undefined) throw new MainThreadOnlyError()
}

async function findRegistry(registries: WhichRegistry, request: IncomingMessage): Promise<HostedRegistry | undefined> {
  return (await registries.byHost(request.headers.host)) ?? registries.atOwnAddress?.(request)
}

/** A request without credentials is not a failure: every client begins with one, to get the challenge. */
async function countFailure({ transfers, registries, routes }: Dispatch, request: IncomingMessage): Promise<void> {
  const { headers, method = '', url = '' } = request
  if (transfers === undefined || headers.authorization === undefined) return
  const { route } = readPath(routes, method, url.split('?', 1)[0] ?? '')
  const kind = route && countedHandlers[route.handler]
  const registry = kind && (await findRegistry(registries, request))
  if (kind !== undefined && registry !== undefined) transfers.count(registry.rid, kind, false)
}

/** Charges a denial to the address, since the caller is unknown. A first request without credentials costs little. */
async function payForDenial(
  budgets: CallerBudgets,
  { headers }: IncomingMessage,
  { remoteAddress }: Origin,
): Promise<void> {
  const costMs = headers.authorization === undefined ? challengeCostMs : denialCostMs
  await budgets.ofAddress(remoteAddress).settle(costMs)
}

function fail(dispatch: Dispatch, exchange: Exchange, origin: Origin, error: unknown): void {
  const { request, response } = exchange
  const { log } = dispatch
  countFailure(dispatch, request).catch((cause: unknown) => log.debug({ err: cause }, 'failed to count a request'))
  if (error instanceof ClientGoneError || response.destroyed) {
    response.destroy()
    return
  }
  const known = toOciError(error)
  if (known === undefined || known.status >= 500) {
    log.error({ id: origin.correlationId, err: error }, 'a request to the registry failed')
  }
  // A response that has begun cannot be replaced; the client sees a broken connection.
  if (response.headersSent) response.destroy()
  else sendError(exchange, known ?? new OciError('UNKNOWN'))
  discardRest(request)
}

/** Reads that can occupy the main thread for milliseconds: callers take turns. */
const heavyReads: ReadonlySet<keyof RegistryHandlers> = new Set([
  'listCatalog',
  'listTags',
  'listReferrers',
  'listRepositories',
  'listTagProperties',
  'listManifestProperties',
  'getManifestProperties',
  'listDeletedCatalog',
  'listDeletedTags',
  'listDeletedManifests',
])

/** Estimated milliseconds of the main thread for a denial without a credential, and for any other. */
const challengeCostMs = 0.1
const denialCostMs = 1

/**
 * Estimated milliseconds of the processor for a request that waits for the disk, the database or the client, in addition
 * to the measured time. Changes occupy the writer thread, too.
 */
const usualWaitingCostMs = 0.8
const changeCostMs = 2.5
const waitingCostMs: Partial<Record<keyof RegistryHandlers, number>> = {
  getBlob: 0.3,
  headBlob: 0.3,
  startUpload: changeCostMs,
  finishUpload: changeCostMs,
  cancelUpload: changeCostMs,
  putManifest: changeCostMs,
  deleteManifest: changeCostMs,
  deleteBlob: changeCostMs,
  deleteTag: changeCostMs,
  deleteRepository: changeCostMs,
  restoreManifest: changeCostMs,
  patchRepository: changeCostMs,
  patchTag: changeCostMs,
  patchManifest: changeCostMs,
}

/** A parsed path before the caller is known. Only admitted callers learn that it does not exist. */
type AskedPath = {
  readonly matched: MatchedPath | undefined
  readonly route: RegistryRoute | undefined
  readonly need: RegistryNeed
}

function readPath(routes: RouteIndex, method: string, rawPath: string): AskedPath {
  const matched = matchPath(rawPath)
  const route = matched && routes.get(routeKey(matched.surface, matched.path.kind))?.get(method)
  return { matched, route, need: needOf(route?.need, matched) }
}

/** The path of an admitted request with checked names, and its row. */
type CheckedPath = { readonly path: CheckedOciPath | CheckedAcrPath; readonly route: RegistryRoute }

/** @throws OciError NOT_FOUND, UNSUPPORTED, and the errors of malformed names */
function checkPath(routes: RouteIndex, { matched, route }: AskedPath): CheckedPath {
  if (matched === undefined) throw new OciError('NOT_FOUND')
  if (route === undefined) throw methodUnsupported(routes.get(routeKey(matched.surface, matched.path.kind)))
  const path = matched.surface === 'oci' ? requireOciPath(matched.path, route.method) : requireAcrPath(matched.path)
  return { path, route }
}

/** The need of the row for this path. Without a row, or with an invalid repository name, the caller must be signed in. */
function needOf(need: RouteNeed | undefined, matched: MatchedPath | undefined): RegistryNeed {
  if (need === undefined || matched === undefined) return signedIn
  if (need.kind !== 'repository') return need
  const repository = 'repository' in matched.path ? parseRepositoryName(matched.path.repository) : undefined
  return repository === undefined ? signedIn : { ...need, repository }
}

function methodUnsupported(methods: ReadonlyMap<string, RegistryRoute> | undefined): OciError {
  return new OciError('UNSUPPORTED', { headers: { allow: [...(methods?.keys() ?? [])].join(', ') } })
}
