import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { budgetKeyOf } from '../../platform/http/batch.ts'
import { parseCookies } from '../../platform/http/cookies.ts'
import { overBudgetBody } from '../../platform/http/over-budget.ts'
import type { StepUp } from '../../platform/http/change-columns.ts'
import { createRawDispatch } from '../../platform/http/raw-dispatch.ts'
import type { RawExchange } from '../../platform/http/raw-surface.ts'
import { type RouteCost, denialCostMs, routeCosts } from '../../platform/http/route-cost.ts'
import { discardRest } from '../../platform/http/unread-body.ts'
import { markView } from '../../platform/http/viewing.ts'
import type { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import { StepUpRequiredError, offerStepUp, stepUpBody } from '../../platform/http/step-up.ts'
import { OverBudgetError } from '../../platform/limits/caller-limits.ts'
import { outageOf } from '../../platform/process/outage.ts'
import type { Context } from '../sessions/context.ts'
import { PortalError } from '../sessions/errors.ts'
import { dataHeaders } from '../files/security-headers.ts'
import type { PortalPerson, PortalSession } from '../sessions/model.ts'
import { isOwnHost } from '../sessions/own-host.ts'
import { SignInEndedError, accessOf } from '../sessions/session-tokens.ts'
import { correlationHeader } from '../sessions/token-endpoints.ts'
import { type ApiTarget, parseApiTarget } from './api-target.ts'
import { isFromPortal } from './provenance.ts'
import type { SessionCall } from './session-endpoints.ts'
import { needsStepUp } from './step-up.ts'

/**
 * The response header that contains the person's actions on the repository of a request, according to the token service. The page disables
 * all other actions.
 */
const accessHeader = 'x-acrux-access'

/** The maximum size of a request body, which is the maximum size of a manifest. */
const maxBodyBytes = 4 * 1024 * 1024

/** An endpoint that the portal itself serves. */
export type SessionEndpoint = {
  readonly method: string
  readonly path: string
  readonly cost: RouteCost
  readonly stepUp?: StepUp | undefined
  readonly handle: (context: Context, call: SessionCall) => Promise<object | undefined>
}

export type ApiSurfaceOptions = {
  readonly endpoints: readonly SessionEndpoint[]
  /** The methods of requests that the portal forwards to the surfaces. */
  readonly methods: readonly string[]
  /** Answers a request in the same way as a request that arrived at the server. */
  readonly dispatch: RequestListener
  readonly budgets: CallerBudgets
}

/** A request of a signed-in person. */
type Signed = { readonly session: PortalSession; readonly person: PortalPerson }

/**
 * Creates the API of the portal. It checks that a page of the portal sent the request, and that the session and the sign-in are valid. It
 * then forwards the request to a surface with the person's own access token. The API does not check permissions; the surface checks them.
 */
export function createApiSurface(context: Context, options: ApiSurfaceOptions): (exchange: RawExchange) => void {
  return createRawDispatch({
    serve: (exchange) => serve(context, options, exchange),
    describe,
    sendFailure,
    failureCost: { budgets: options.budgets, milliseconds: denialCostMs },
    logging: { log: context.log, message: 'a request of the portal failed' },
  })
}

async function serve(context: Context, options: ApiSurfaceOptions, exchange: RawExchange): Promise<void> {
  const { request, response, origin } = exchange
  const signed = await requireSession(context, exchange)
  const { key, party } = budgetKeyOf(signed.person.objectId, false)
  const budget = options.budgets.of(key, party)
  budget.charge(sessionCostMs)
  const { method = '', url = '' } = request
  const [path = '', query = ''] = url.split('?', 2)
  const endpoint = options.endpoints.find((row) => row.method === method && row.path === path)
  if (endpoint !== undefined) {
    discardRest(request)
    if (endpoint.stepUp === true && (await needsStepUp(context, signed.session))) throw new StepUpRequiredError()
    const { cookie: cookieHeader } = request.headers
    const call = { ...signed, origin, response, cookieHeader, query: new URLSearchParams(query) }
    const body = await budget.spend(() => endpoint.handle(context, call), routeCosts[endpoint.cost])
    send(exchange, body === undefined ? 204 : 200, body)
    return
  }
  const target = options.methods.includes(method) ? parseApiTarget(url, context.armRoots) : undefined
  if (target === undefined) throw new PortalError('notFound')
  requireSmallBody(request)
  // The surface counts the remaining processor time. The route decides whether the sign-in is checked.
  offerStepUp(request, () => needsStepUp(context, signed.session))
  const token = await tokenFor(context, signed.session, target, exchange)
  if (target.surface === 'registry') {
    watchDenial(context, signed.session, target, response)
    response.setHeader(accessHeader, accessOf(token).join(','))
    markView(request)
  }
  prepare(request, target, token)
  keepDataHeaders(response)
  exchange.isHandedOver = true
  options.dispatch(request, response)
}

/** @throws PortalError unless a page of the portal sent the request, with a valid session at the host of the portal */
async function requireSession(context: Context, exchange: RawExchange): Promise<Signed> {
  const { publicOrigin, cookies, sessions, database } = context
  const { request } = exchange
  if (!isOwnHost(publicOrigin, request.headers.host)) throw new PortalError('notSignedIn')
  const cookie = parseCookies(request.headers.cookie).get(cookies.session)
  if (cookie === undefined) throw new PortalError('notSignedIn')
  if (!isFromPortal(publicOrigin, request.headers)) throw new PortalError('foreignRequest')
  const session = await sessions.find(cookie)
  const person = session && (await findPerson(context, session, exchange))
  if (session !== undefined && person?.objectId === session.objectId) return { session, person }
  if (session !== undefined) await database.transaction((transaction) => sessions.end(transaction, session))
  // The cookie is not deleted, because the browser may have received a new cookie since it sent this request.
  throw new PortalError('notSignedIn')
}

/** The person of a session. The result is undefined if the sign-in of the session has ended. */
async function findPerson(
  { signIns, tokens }: Context,
  session: PortalSession,
  { origin }: RawExchange,
): Promise<PortalPerson | undefined> {
  const verify = async () => signIns.verify(await tokens.ofAudience(session, 'arm', origin))
  try {
    const person = await verify()
    if (person !== undefined) return person
    // The server may have withdrawn the key that signed the tokens. If the sign-in has ended, the server issues no new token.
    tokens.forgetAll(session)
    return await verify()
  } catch (error) {
    if (error instanceof SignInEndedError) return undefined
    throw error
  }
}

/** @throws PortalError if the body may be larger than any body that the portal sends */
function requireSmallBody({ headers }: IncomingMessage): void {
  if (headers['transfer-encoding'] !== undefined) throw new PortalError('lengthRequired')
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw new PortalError('tooLarge')
}

async function tokenFor({ tokens }: Context, session: PortalSession, target: ApiTarget, { origin }: RawExchange) {
  try {
    return target.surface === 'registry'
      ? await tokens.ofRegistry(session, target.access, origin)
      : await tokens.ofAudience(session, target.surface, origin)
  } catch (error) {
    if (error instanceof SignInEndedError) throw new PortalError('notSignedIn', undefined, { cause: error })
    throw error
  }
}

/** The person may have received a permission since the token was issued. After a denial, the next request therefore uses a new token. */
function watchDenial(
  { tokens }: Context,
  session: PortalSession,
  { access }: Extract<ApiTarget, { surface: 'registry' }>,
  response: ServerResponse,
): void {
  response.once('finish', () => {
    if (response.statusCode === 401 || response.statusCode === 403) tokens.forget(session, access)
  })
}

/**
 * Converts the request to a request to the surface. It adds the person's access token, and removes the headers that only the portal needs.
 */
function prepare(request: IncomingMessage, target: ApiTarget, token: string): void {
  const { headers } = request
  request.url = target.url
  headers.authorization = `Bearer ${token}`
  if (target.surface === 'registry') headers.host = target.access.loginServer
  delete headers.cookie
  delete headers.origin
}

/** The security headers of data replace the headers of the surface. ARM, for example, permits browsers to store its responses. */
function keepDataHeaders(response: ServerResponse): void {
  const isKept = (name: unknown) => Object.hasOwn(dataHeaders, String(name).toLowerCase())
  const writeHead = response.writeHead.bind(response) as (...args: readonly unknown[]) => ServerResponse
  response.writeHead = (...args: readonly unknown[]) => {
    const sent = args.map((arg) => {
      if (Array.isArray(arg)) return arg.filter((_item, index) => !isKept(arg[index - (index % 2)]))
      if (typeof arg !== 'object' || arg === null) return arg
      return Object.fromEntries(Object.entries(arg).filter(([name]) => !isKept(name)))
    })
    for (const [name, value] of Object.entries(dataHeaders)) response.setHeader(name, value)
    return writeHead(...sent)
  }
}

/** The approximate time on the main thread until the server has found the session of a request and verified its sign-in. */
const sessionCostMs = 0.5

type Failure = {
  readonly status: number
  readonly body: object
  /** Each item is the name and the value of a header. */
  readonly header?: readonly string[]
  readonly isExpected?: true
}

function describe(error: unknown): Failure {
  const outage = outageOf(error)
  if (outage !== undefined) {
    const body = { error: { code: 'ServiceUnavailable', message: outage.message } }
    const header = ['retry-after', String(outage.retryAfterSeconds)]
    return { status: outage.status, body, header, isExpected: true }
  }
  if (error instanceof OverBudgetError) {
    const header = ['retry-after', String(error.retryAfterSeconds)]
    return { status: error.statusCode, body: overBudgetBody, header }
  }
  if (error instanceof StepUpRequiredError) return { status: error.status, body: stepUpBody }
  const { status, body, correlationId } = error instanceof PortalError ? error : new PortalError('failed')
  return { status, body, ...(correlationId !== undefined && { header: [correlationHeader, correlationId] }) }
}

function sendFailure(exchange: RawExchange, { status, body, header = [] }: Failure): void {
  send({ ...exchange, commonHeaders: [...exchange.commonHeaders, ...header] }, status, body)
}

function send({ response, commonHeaders, request }: RawExchange, status: number, body: object | undefined): void {
  for (let index = 0; index < commonHeaders.length; index += 2) {
    response.setHeader(commonHeaders[index] ?? '', commonHeaders[index + 1] ?? '')
  }
  for (const [name, value] of Object.entries(dataHeaders)) response.setHeader(name, value)
  const text = body === undefined ? '' : JSON.stringify(body)
  if (body !== undefined) response.setHeader('content-type', 'application/json; charset=utf-8')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.statusCode = status
  response.end(request.method === 'HEAD' ? undefined : text)
}
