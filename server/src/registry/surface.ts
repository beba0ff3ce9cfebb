import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Origin } from '../platform/http/app.ts'
import { MainThreadOnlyError } from '../platform/process/main-thread-only.ts'
import { noRegistryAt } from '@acrux/shared/standards/azure/login-server.ts'
import { createRawDispatch } from '../platform/http/raw-dispatch.ts'
import { mountRaw, type RawExchange } from '../platform/http/raw-surface.ts'
import { routeCosts } from '../platform/http/route-cost.ts'
import { StepUpRequiredError, requireStepUp, stepUpBody } from '../platform/http/step-up.ts'
import { discardRest } from '../platform/http/unread-body.ts'
import { isView } from '../platform/http/viewing.ts'
import type { Log } from '../platform/log/log.ts'
import { type AuthorityRevisions, AuthorizedWork, runAuthorized } from '../platform/process/authorized-work.ts'
import type { AcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import type { OciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import { parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { type AskedPath, KnownPaths } from './known-paths.ts'
import { type AsOtherRoute, type OtherRoute, type RegistryCall, sendJson } from './protocol/call.ts'
import { requireAcrRequest } from './protocol/acr-rules.ts'
import { type Checked, nameInvalid, requireAcrPath, requireOciPath } from './protocol/checked-path.ts'
import { OciError, OutdatedCredentialError } from './protocol/errors.ts'
import { denialError, sendError, toOciError } from './protocol/render-error.ts'
import type { Gate, HostedRegistry, RegistryNeed, RegistryDenial, Transfers, WhichRegistry } from './protocol/ports.ts'
import {
  indexRoutes,
  type MatchedPath,
  matchPath,
  rateOfMethod,
  type RegistryHandlers,
  type RegistryRoute,
  type RouteIndex,
  registryRoutes,
  type RouteNeed,
} from './routes.ts'

/** The dependencies of the surface. */
export type SurfaceOptions = {
  readonly budgets: CallerBudgets
  readonly database: AuthorityRevisions
  readonly gate: Gate
  readonly registries: WhichRegistry
  readonly log: Log
  readonly transfers?: Transfers | undefined
  /** Without the handler of a route, its requests are for the main thread. */
  readonly handlers: Partial<RegistryHandlers>
  /** In a thread that only reads: leaves a request to the main thread. */
  readonly leaveToMainThread?: ((exchange: RawExchange) => void) | undefined
}

type AnyHandler = (call: RegistryCall, asOtherRoute: AsOtherRoute) => Promise<void>

const signedIn: RegistryNeed = { kind: 'signed-in' }
const noQuery = new URLSearchParams()
const noUrl = {}

/** Other methods are answered by the server. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Adds `/v2/*` and `/acr/v1/*`. */
export function mountSurface(app: FastifyInstance, options: SurfaceOptions): void {
  mountRaw(app, { name: 'registry', paths: ['/v2', '/acr/v1'], methods, handle: createDispatch(options) })
}

/** The options and the indexed table. */
type Dispatch = SurfaceOptions & {
  readonly routes: RouteIndex
  readonly knownPaths: KnownPaths
  readonly asOtherRoute: AsOtherRoute
}

function createDispatch(options: SurfaceOptions): (exchange: RawExchange) => void {
  const dispatch: Dispatch = {
    ...options,
    routes: indexRoutes(registryRoutes),
    knownPaths: new KnownPaths(),
    asOtherRoute: (call, route, work) => runAsOtherRoute(dispatch, call, route, work),
  }
  const { log, leaveToMainThread } = options
  return createRawDispatch({
    serve: (raw) => serve(dispatch, raw),
    describe: (error) =>
      error instanceof StepUpRequiredError ? error : (toOciError(error) ?? new OciError('UNKNOWN', { cause: error })),
    sendFailure: (raw, failure) => {
      if (failure instanceof StepUpRequiredError) sendJson(raw, failure.status, stepUpBody)
      else sendError(raw, failure)
    },
    onFailure: ({ request }) => {
      countFailure(dispatch, request).catch((cause: unknown) => log.debug({ err: cause }, 'failed to count a request'))
    },
    logging: { log, message: 'a request to the registry failed' },
    leaveToMainThread,
  })
}

/**
 * Answers a request in this order: find the registry of the host, find the row, ask the gate, check the names, call the
 * handler. A denied caller learns nothing of the later steps, and its body is not read.
 */
async function serve(dispatch: Dispatch, raw: RawExchange): Promise<void> {
  const { budgets, gate, knownPaths, registries, routes } = dispatch
  const { request, response, origin, commonHeaders } = raw
  const registry = (await registries.byHost(request.headers.host)) ?? (await registries.atOwnAddress?.(request))
  if (registry === undefined) {
    await budgets.ofAddress(origin.remoteAddress).settle(rejectionCostMs)
    throw new OciError('NAME_UNKNOWN', { message: noRegistryAt(request.headers.host) })
  }
  const known = knownPaths.get(request)
  const asked = known ?? readPath(routes, request)
  requireHandled(dispatch, asked)
  const admission = await gate.admit(request, origin, registry, asked)
  if (!admission.admitted) {
    await payForDenial(budgets, request, origin)
    throw denialOf(routes, asked, admission.denial)
  }
  const { caller } = admission
  const budget = budgets.ofCaller(caller.key, registry.rid, origin.remoteAddress)
  let checked: CheckedPath
  try {
    checked = checkPath(dispatch, asked, request, registry)
    if (known === undefined) knownPaths.keep(request, asked)
    if (checked.route.stepUp === true) await requireStepUp(request, checked.route)
  } catch (error) {
    await budget.settle(rejectionCostMs)
    throw error
  }
  const { path, query, route } = checked
  const call: RegistryCall = { request, response, commonHeaders, registry, caller, budget, origin, path, query }
  await handleAdmitted(dispatch, call, { route, admitted: { need: asked.need, revision: admission.revision } })
  discardRest(request)
}

/** What a request was admitted for, and the authority revision at which. */
type Admitted = { readonly need: RegistryNeed; readonly revision: number }

/** Calls the handler within the budget of the caller, as work of the caller. */
async function handleAdmitted(
  dispatch: Dispatch,
  call: RegistryCall,
  { route, admitted }: { readonly route: RegistryRoute; readonly admitted: Admitted },
): Promise<void> {
  const { asOtherRoute, gate, handlers } = dispatch
  const { budget, caller, origin, registry } = call
  const cost = routeCosts[route.cost]
  const hasWaited = !budget.tryEnter()
  if (hasWaited) await budget.enter()
  let usedMs = 0
  try {
    if (cost.takesTurns) await budget.nextTurn()
    if (hasWaited || cost.takesTurns) await workOf(dispatch, call, admitted, route).requireStanding()
    const stopwatch = budget.stopwatch()
    try {
      // The row's constructor guarantees that the handler takes calls of this kind of path.
      const handler = handlers[route.handler] as AnyHandler
      const handling =
        route.isAtOnce && !isView(call.request)
          ? handler(call, asOtherRoute)
          : runAuthorized(workOf(dispatch, call, admitted, route), () => handler(call, asOtherRoute))
      usedMs = stopwatch()
      await handling
    } finally {
      // If the handler waited for I/O, only the part before was measured; the rest is estimated, even if it failed.
      usedMs = stopwatch() || usedMs + cost.waitingMs
    }
    countSuccess(dispatch, registry, route)
  } catch (error) {
    // The answer to a failure is made afterwards.
    usedMs += rejectionCostMs
    if (!(error instanceof OutdatedCredentialError)) throw error
    throw denialError(await gate.denyOutdated(origin, registry, admitted.need, caller))
  } finally {
    // Charges the time to the caller's budget.
    budget.leave(usedMs)
  }
}

/**
 * The caller was admitted to its request, and is admitted to each part like to a request of its own. A part does not enter the
 * budget: its request has entered already, and would wait for itself.
 */
async function runAsOtherRoute<Path extends AcrPath | OciPath, Result>(
  dispatch: Dispatch,
  call: RegistryCall,
  { method, ...matched }: OtherRoute<Path>,
  work: (part: RegistryCall<Checked<Path>>) => Promise<Result>,
): Promise<Result> {
  const { gate, routes } = dispatch
  const { budget, origin, registry, request } = call
  const asked = askedRoute(routes, matched as MatchedPath, method)
  const cost = routeCosts[asked.route?.cost ?? 'small']
  await budget.pace(cost.waitingMs)
  const admission = await gate.admit(request, origin, registry, asked)
  if (!admission.admitted) {
    budget.charge(denialCostMs)
    throw denialError(admission.denial)
  }
  const { path, query, route } = checkPath(dispatch, asked, noUrl, registry)
  const { caller } = admission
  const admitted = { need: asked.need, revision: admission.revision }
  // The checked path has the kind of `matched`.
  const part = { ...call, caller, path, query } as RegistryCall<Checked<Path>>
  try {
    return await runAuthorized(workOf(dispatch, { ...call, caller }, admitted, route), () => work(part))
  } catch (error) {
    if (!(error instanceof OutdatedCredentialError)) throw error
    throw denialError(await gate.denyOutdated(origin, registry, asked.need, caller))
  }
}

/** Without a valid credential, every caller gets "not found" for a path that no caller can have. */
function denialOf(routes: RouteIndex, asked: AskedPath, denial: RegistryDenial): Error {
  const absent = denial.status === 401 ? absentForAll(routes, asked) : undefined
  return absent ?? denialError(denial)
}

/** The work of an admitted request: the gate decides again if the authority revision has moved. */
function workOf(
  { gate, database }: Dispatch,
  { request, origin, registry, caller }: RegistryCall,
  { need, revision }: Admitted,
  { defers }: RegistryRoute,
): AuthorizedWork {
  const decide = async () => {
    const again = await gate.admitAgain(request, origin, registry, { need, caller })
    if (!again.admitted) throw denialError(again.denial)
  }
  return new AuthorizedWork({ authority: database, revision, decide, mayDefer: defers === true })
}

function countSuccess({ transfers }: Dispatch, { rid }: HostedRegistry, { counts }: RegistryRoute): void {
  if (counts !== undefined) transfers?.count(rid, counts, true)
}

/** @throws MainThreadOnlyError where this thread has no handler for the route */
function requireHandled({ handlers, leaveToMainThread }: Dispatch, { route }: AskedPath): void {
  const isHandled = route !== undefined && handlers[route.handler] !== undefined
  if (!isHandled && leaveToMainThread !== undefined) throw new MainThreadOnlyError()
}

/** A request without credentials is not a failure: every client begins with one, to get the challenge. */
async function countFailure({ transfers, registries, routes }: Dispatch, request: IncomingMessage): Promise<void> {
  const { headers } = request
  if (transfers === undefined || headers.authorization === undefined) return
  const { route } = readPath(routes, request)
  const kind = route?.counts
  const registry = kind && ((await registries.byHost(headers.host)) ?? (await registries.atOwnAddress?.(request)))
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

/**
 * Estimated milliseconds of the main thread for a rejection or the answer to a failure, for a denial without a credential, and for any
 * other denial.
 */
const rejectionCostMs = 0.1
const challengeCostMs = 0.1
const denialCostMs = 1

function readPath(routes: RouteIndex, { method = '', url = '' }: IncomingMessage): AskedPath {
  const queryAt = url.indexOf('?')
  return askedRoute(routes, matchPath(queryAt === -1 ? url : url.slice(0, queryAt)), method, queryAt)
}

function askedRoute(routes: RouteIndex, matched: MatchedPath | undefined, method: string, queryAt = -1): AskedPath {
  const route = matched && routes[matched.surface].get(matched.path.kind)?.get(method)
  const rate = route === undefined ? rateOfMethod(method) : route.rate
  return { queryAt, matched, route, need: needOf(route?.need, matched), rate }
}

/** The path of an admitted request with checked names, its query, and its row. */
type CheckedPath = Pick<RegistryCall, 'path' | 'query'> & { readonly route: RegistryRoute }

/** @throws OciError NOT_FOUND, UNSUPPORTED, the errors of malformed names, and those of ACR's rules */
function checkPath(
  { routes }: Dispatch,
  asked: AskedPath,
  { url = '' }: Pick<IncomingMessage, 'url'>,
  { compatibility }: HostedRegistry,
): CheckedPath {
  const { queryAt, matched, route } = asked
  if (matched === undefined || route === undefined) throw noRoute(routes, matched)
  asked.checked ??=
    matched.surface === 'oci' ? requireOciPath(matched.path, route.method) : requireAcrPath(matched.path)
  const { checked: path } = asked
  const query = queryAt === -1 ? noQuery : new URLSearchParams(url.slice(queryAt))
  if (compatibility === 'acr') requireAcrRequest(route.method, path, query)
  return { path, query, route }
}

/** The need of the row for this path. Without a row, or with an invalid repository name, the caller must be signed in. */
function needOf(need: RouteNeed | undefined, matched: MatchedPath | undefined): RegistryNeed {
  if (need === undefined || matched === undefined) return signedIn
  if (need.kind !== 'repository') return need
  const repository = 'repository' in matched.path ? parseRepositoryName(matched.path.repository) : undefined
  return repository === undefined ? signedIn : { ...need, repository }
}

/**
 * The error for what no caller can have: an unknown path or method, or a name that no repository can have. A challenge would name
 * no access scope, and the Azure SDKs for Python fail without one. ACR answers 404 without a challenge.
 */
function absentForAll(routes: RouteIndex, { matched, route }: AskedPath): OciError | undefined {
  if (matched === undefined || route === undefined) return noRoute(routes, matched)
  if (!('repository' in matched.path)) return undefined
  const { repository } = matched.path
  return parseRepositoryName(repository) === undefined ? nameInvalid(repository) : undefined
}

function noRoute(routes: RouteIndex, matched: MatchedPath | undefined): OciError {
  if (matched === undefined) return new OciError('NOT_FOUND')
  const methods = routes[matched.surface].get(matched.path.kind)
  return new OciError('UNSUPPORTED', { headers: { allow: [...(methods?.keys() ?? [])].join(', ') } })
}
