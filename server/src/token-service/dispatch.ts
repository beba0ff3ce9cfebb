import type { IncomingMessage } from 'node:http'
import type { HTTPMethods } from 'fastify'
import { failedBefore } from '../access/index.ts'
import type { Audit } from '../audit/index.ts'
import { type CallerBudgets, OverBudgetError } from '../platform/limits/caller-budget.ts'
import type { Origin } from '../platform/http/app.ts'
import { readFormText } from '../platform/http/form-body.ts'
import type { RawExchange, RawSurface } from '../platform/http/raw-surface.ts'
import { discardRest, endAnswer } from '../platform/http/unread-body.ts'
import type { Log } from '../platform/log/log.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import type { Database } from '../platform/sql/database.ts'
import type { Registry, Resources } from '../resources/index.ts'
import { noRegistryAt } from '../standards/azure/login-server.ts'
import { type NetworkRefusal, networkChange, networkRefusal } from '../standards/azure/network-rules.ts'
import { TokenError, describeError } from './errors.ts'
import { networkRefusalText, throttled } from './refusals.ts'
import type { TokenRoute } from './routes.ts'
import type { Throttle } from './throttle.ts'
import type { TokenCall } from './token-request.ts'

type DispatchOptions = {
  readonly budgets: CallerBudgets
  readonly database: Database
  readonly routes: readonly TokenRoute[]
  readonly resources: Resources
  /** The registry that is served at the server's own address, for a request to a host of nobody. */
  readonly atOwnAddress?: (request: IncomingMessage) => Registry | undefined | Promise<Registry | undefined>
  readonly audit: Audit
  readonly log: Log
  readonly throttle: Throttle
}

/** The registry that a request came to, and the revision of authority, read before it. */
type Located = Pick<TokenCall, 'revision' | 'registry'>

/** All of them, so that what has no row is this surface's "not found". */
const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** `/oauth2/*` as a raw surface: which row, whose host, the form, the handler, in this order. */
export function createTokenSurface(options: DispatchOptions): RawSurface {
  const { budgets, database, routes, resources, atOwnAddress, audit, log, throttle } = options
  const rows = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))

  function requireRow({ method = '' }: IncomingMessage, path: string): TokenRoute {
    const row = rows.get(`${method} ${path}`) ?? rows.get(`${method} ${plainPath(path)}`)
    if (row === undefined) throw new TokenError('NOT_FOUND', 'nothing is served at this path')
    return row
  }

  async function refuseAddress(registry: Registry, origin: Origin, reason: NetworkRefusal): Promise<never> {
    const decision = failedBefore(reason, networkChange(registry, reason, origin.remoteAddress))
    const refused = { action: 'token.access', outcome: 'refused', target: registry.loginServer, reason } as const
    await audit.append({ ...refused, actor: { kind: 'claimed', id: '' }, detail: { decision }, origin })
    throw new TokenError('DENIED', networkRefusalText(origin.remoteAddress))
  }

  function find(request: IncomingMessage): Registry | undefined | Promise<Registry | undefined> {
    return andThen(
      resources.findRegistryByHost(request.headers.host),
      (registry) => registry ?? atOwnAddress?.(request),
    )
  }

  /** Whose host it is, by the header itself, as the registry reads it: no proxy may say which registry is meant. */
  function locate(request: IncomingMessage, origin: Origin): Located | Promise<Located> {
    return andThen(database.authorityRevision(), (revision) =>
      andThen(find(request), (registry) => {
        if (registry === undefined) throw new TokenError('NAME_UNKNOWN', noRegistryAt(request.headers.host))
        const closed = networkRefusal(registry, origin.remoteAddress)
        return closed === undefined ? { revision, registry } : refuseAddress(registry, origin, closed)
      }),
    )
  }

  /** A body takes its time: what was found before it holds no longer where authority has changed meanwhile. */
  async function locateAgain(before: Located, request: IncomingMessage, origin: Origin): Promise<Located> {
    return (await database.authorityRevision()) === before.revision ? before : locate(request, origin)
  }

  // Nothing is awaited that is there already: a token is a matter of microseconds.
  async function serve({ request, response, origin, commonHeaders }: RawExchange): Promise<void> {
    const { url = '' } = request
    const queryAt = url.indexOf('?')
    const row = requireRow(request, queryAt === -1 ? url : url.slice(0, queryAt))
    const locating = locate(request, origin)
    let located = locating instanceof Promise ? await locating : locating
    const retryAfterSeconds = throttle.spendOauth(located.registry)
    if (retryAfterSeconds !== undefined) throw new TokenError('TOOMANYREQUESTS', throttled, { retryAfterSeconds })
    let parameters = queryAt === -1 ? '' : url.slice(queryAt + 1)
    if (row.method === 'POST') {
      parameters = await readFormText(request)
      located = await locateAgain(located, request, origin)
    }
    const text = `${await row.handle({ request, origin, parameters, ...located })}\n`
    const caching = row.need === 'public' ? [] : notStored
    response.writeHead(200, [...commonHeaders, ...caching, ...jsonOf(text)])
    response.end(text)
  }

  /** Whoever is refused is known by the address alone. Always throws: what there was, or that too many wait. */
  async function payForFailure({ remoteAddress }: Origin, error: unknown): Promise<never> {
    if (error instanceof OverBudgetError) throw error
    await budgets.ofAddress(remoteAddress).settle(failureCostMs)
    throw error
  }

  function fail({ request, response, origin, commonHeaders }: RawExchange, error: unknown): void {
    // Half an answer cannot be taken back, and nobody reads the answer to a request that broke off.
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const { code, status, message, challenge, retryAfterSeconds } = describeError(error)
    if (status >= 500) log.error({ err: error, id: origin.correlationId }, 'a token request failed')
    const text = `${JSON.stringify({ errors: [{ code, message, detail: null }] })}\n`
    response.writeHead(status, [
      ...commonHeaders,
      ...(challenge === undefined ? [] : ['www-authenticate', challenge]),
      ...(retryAfterSeconds === undefined ? [] : ['retry-after', String(retryAfterSeconds)]),
      ...notStored,
      ...jsonOf(text),
    ])
    endAnswer(request, response, text)
    discardRest(request)
  }

  return {
    paths: ['/oauth2'],
    methods,
    handle: (exchange) => {
      serve(exchange)
        .catch((error: unknown) => payForFailure(exchange.origin, error))
        .catch((error: unknown) => fail(exchange, error))
    },
  }
}

/** About what a refusal takes of the main thread, in milliseconds. */
const failureCostMs = 1

const notStored = ['cache-control', 'no-store']

function jsonOf(text: string): string[] {
  return ['content-type', 'application/json; charset=utf-8', 'content-length', String(Buffer.byteLength(text))]
}

/** A path in the spelling of the table: case, doubled slashes, one at the end and percent signs make no difference. */
function plainPath(path: string): string {
  try {
    return decodeURIComponent(path).toLowerCase().replaceAll(/\/+/g, '/').replace(/\/$/, '')
  } catch {
    return ''
  }
}
