import type { IncomingMessage } from 'node:http'
import type { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Origin } from '../platform/http/app.ts'
import { noRegistryAt } from '../standards/azure/login-server.ts'
import type { RawExchange } from '../platform/http/raw-surface.ts'
import { discardRest } from '../platform/http/unread-body.ts'
import type { Log } from '../platform/log/log.ts'
import { parseRepositoryName } from '../standards/oci/repository-name.ts'
import type { Exchange, RegistryCall } from './surface/call.ts'
import { requireAcrRequest } from './surface/acr-rules.ts'
import { requireAcrPath, requireOciPath } from './surface/checked-path.ts'
import { OciError, OutdatedCredentialError } from './surface/errors.ts'
import { refusalError, sendError, toOciError } from './surface/render-error.ts'
import { type KnownPath, KnownPaths } from './known-paths.ts'
import type { Gate, RegistryNeed, Transfers, WhichRegistry } from './surface/ports.ts'
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

export type DispatchOptions = {
  readonly budgets: CallerBudgets
  readonly gate: Gate
  readonly registries: WhichRegistry
  readonly log: Log
  readonly transfers?: Transfers | undefined
  readonly handlers: RegistryHandlers
}

type AnyHandler = (call: RegistryCall) => Promise<void> | void

/** The handlers whose requests are counted as pulls or pushes. */
const countedHandlers: Readonly<Partial<Record<keyof RegistryHandlers, 'pull' | 'push'>>> = {
  getManifest: 'pull',
  putManifest: 'push',
}

const signedIn: RegistryNeed = { kind: 'signed-in' }
const noQuery = new URLSearchParams()

/** On every answer of the surface, after what every answer of the server has. */
const surfaceHeaders = [
  'docker-distribution-api-version',
  'registry/2.0',
  'vary',
  'Accept, Authorization, Origin',
  'access-control-expose-headers',
  'Docker-Content-Digest, WWW-Authenticate, Link, X-Ms-Correlation-Request-Id',
  // A manifest may be called a page, and pages of the same origin ask people for their passwords. [CSP 3 §6.3.2]
  'content-security-policy',
  "sandbox; default-src 'none'; frame-ancestors 'none'",
]

/**
 * Answers one request of the surface, always in the same order: whose host, which row, may this caller, are the names
 * well-formed, the handler. A caller who is not let in learns nothing of the rest, and its body is not read.
 */
export function createDispatch(options: DispatchOptions): (exchange: RawExchange) => void {
  const { budgets, gate, registries, log, transfers, handlers } = options
  const routes = indexRoutes(registryRoutes)
  const knownPaths = new KnownPaths()

  // Nothing is awaited that is there already: a wait is dear where an answer takes a few microseconds.
  async function serve(exchange: Exchange, origin: Origin): Promise<void> {
    const { request, response, commonHeaders } = exchange
    const hosted = registries.byHost(request.headers.host)
    const registry = (hosted instanceof Promise ? await hosted : hosted) ?? (await registries.atOwnAddress?.(request))
    if (registry === undefined) throw new OciError('NAME_UNKNOWN', { message: noRegistryAt(request.headers.host) })
    const { url = '', method = '' } = request
    const queryAt = url.indexOf('?')
    const rawPath = queryAt === -1 ? url : url.slice(0, queryAt)
    const asked = knownPaths.find(method, rawPath) ?? readPath(routes, method, rawPath)
    const { need } = asked
    const admitting = gate.admit(request, origin, registry, need)
    const admission = admitting instanceof Promise ? await admitting : admitting
    if (!admission.admitted) {
      await payForRefusal(request, origin)
      throw refusalError(admission.refusal)
    }
    const { caller } = admission
    const known = 'matched' in asked ? checkPath(routes, asked) : asked
    // A piece of a longer text would hold all of that in memory.
    if (known !== asked && queryAt === -1) knownPaths.keep(method, rawPath, known)
    const { route, path } = known
    const query = queryAt === -1 ? noQuery : new URLSearchParams(url.slice(queryAt))
    if (registry.compatibility === 'acr') requireAcrRequest(method, path, query)
    const budget = budgets.ofCaller(caller.key, registry.rid, origin.remoteAddress)
    const entering = budget.enter()
    if (entering !== undefined) await entering
    const call: RegistryCall = { request, response, commonHeaders, registry, caller, budget, origin, path, query }
    try {
      await carryOut(route, call)
      const kind = countedHandlers[route.handler]
      if (kind !== undefined) transfers?.count(registry.rid, kind, true)
    } catch (error) {
      if (error instanceof OutdatedCredentialError) {
        throw refusalError(await gate.refuseOutdated(origin, registry, need, caller))
      }
      throw error
    }
  }

  /** Whoever sends no credentials is told where to get some: every client begins so, and it is no failure. */
  async function countFailure(request: IncomingMessage): Promise<void> {
    const { headers, method = '', url = '' } = request
    if (transfers === undefined || headers.authorization === undefined) return
    const { route } = readPath(routes, method, url.split('?', 1)[0] ?? '')
    const kind = route && countedHandlers[route.handler]
    const registry = kind && ((await registries.byHost(headers.host)) ?? (await registries.atOwnAddress?.(request)))
    if (kind !== undefined && registry !== undefined) transfers.count(registry.rid, kind, false)
  }

  /** Whoever is not let in is known by the address alone. That a client has no credential yet is how each begins. */
  async function payForRefusal({ headers }: RawExchange['request'], { remoteAddress }: Origin): Promise<void> {
    const costMs = headers.authorization === undefined ? challengeCostMs : refusalCostMs
    await budgets.ofAddress(remoteAddress).settle(costMs)
  }

  /** Calls the handler, and has the caller's budget pay for it. */
  async function carryOut(route: RegistryRoute, call: RegistryCall): Promise<void> {
    const { budget } = call
    let usedMs = 0
    try {
      if (heavyReads.has(route.handler)) await budget.nextTurn()
      const stopwatch = budget.stopwatch()
      // The row's constructor holds handler and kind of path together; here they have both been looked up by it.
      const handling = (handlers[route.handler] as AnyHandler)(call)
      usedMs = stopwatch()
      if (!(handling instanceof Promise)) return
      await handling
      // What waited for the disk or the client took more than its beginning, which is all that can be measured of it.
      usedMs = stopwatch() || usedMs + (waitingCostMs[route.handler] ?? usualWaitingCostMs)
    } finally {
      budget.leave(usedMs)
    }
  }

  function fail(exchange: Exchange, origin: Origin, error: unknown): void {
    const { request, response } = exchange
    countFailure(request).catch((cause: unknown) => log.debug({ err: cause }, 'failed to count a request'))
    if (error instanceof ClientGoneError || response.destroyed) {
      response.destroy()
      return
    }
    const known = toOciError(error)
    if (known === undefined || known.status >= 500) {
      log.error({ id: origin.correlationId, err: error }, 'a request to the registry failed')
    }
    // Half an answer cannot be taken back; the client sees that the connection broke.
    if (response.headersSent) response.destroy()
    else sendError(exchange, known ?? new OciError('UNKNOWN'))
    discardRest(request)
  }

  return ({ request, response, origin, commonHeaders }) => {
    const exchange = { request, response, commonHeaders: [...surfaceHeaders, ...commonHeaders] }
    serve(exchange, origin).then(
      () => discardRest(request),
      (error: unknown) => fail(exchange, origin, error),
    )
  }
}

/** Reads that may occupy the main thread for milliseconds: they begin in turn. */
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

/** About what a refusal takes of the main thread, in milliseconds: one to a client without a credential, and any other. */
const challengeCostMs = 0.1
const refusalCostMs = 1

/**
 * About what a request takes of the processor, in milliseconds, beside what is measured: where it waits for the disk, the
 * database or the client. Changes occupy the thread of the writer, too.
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

/** A path as it was read, before it is known who asks: what lies where nothing is, is told only to those let in. */
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

/** @throws OciError NOT_FOUND, UNSUPPORTED, and what a path whose names are malformed gives */
function checkPath(routes: RouteIndex, { matched, route, need }: AskedPath): KnownPath {
  if (matched === undefined) throw new OciError('NOT_FOUND')
  if (route === undefined) throw methodUnsupported(routes.get(routeKey(matched.surface, matched.path.kind)))
  const path = matched.surface === 'oci' ? requireOciPath(matched.path, route.method) : requireAcrPath(matched.path)
  return { route, need, path }
}

/** What the row needs for this path. Where there is no row, or no such repository can be, it is to be known who asks. */
function needOf(need: RouteNeed | undefined, matched: MatchedPath | undefined): RegistryNeed {
  if (need === undefined || matched === undefined) return signedIn
  if (need.kind !== 'repository') return need
  const repository = 'repository' in matched.path ? parseRepositoryName(matched.path.repository) : undefined
  return repository === undefined ? signedIn : { ...need, repository }
}

function methodUnsupported(methods: ReadonlyMap<string, RegistryRoute> | undefined): OciError {
  return new OciError('UNSUPPORTED', { headers: { allow: [...(methods?.keys() ?? [])].join(', ') } })
}
