import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requestOrigin, type Origin } from '../platform/http/app.ts'
import type { Log } from '../platform/log.ts'
import { parseRepositoryName } from '../spec/repository-name.ts'
import type { Exchange, RegistryCall } from './call.ts'
import { requireAcrPath, requireOciPath } from './checked-path.ts'
import { OciError, OutdatedCredentialError, refusalError, sendError, toOciError } from './errors.ts'
import type { Gate, RegistryNeed, WhichRegistry } from './ports.ts'
import { ClientGoneError, discardRest } from './read-body.ts'
import {
  indexRoutes,
  type MatchedPath,
  matchPath,
  type RegistryHandlers,
  type RegistryRoute,
  registryRoutes,
  routeKey,
  type RouteNeed,
} from './routes.ts'

export type DispatchOptions = {
  readonly gate: Gate
  readonly registries: WhichRegistry
  readonly log: Log
  readonly handlers: RegistryHandlers
}

type AnyHandler = (call: RegistryCall) => Promise<void> | void

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
]

/**
 * Answers one request of the surface, always in the same order: whose host, which row, may this caller, are the names
 * well-formed, the handler. A caller who is not let in learns nothing of the rest, and its body is not read.
 */
export function createDispatch(options: DispatchOptions): (request: FastifyRequest, reply: FastifyReply) => void {
  const { gate, registries, log, handlers } = options
  const routes = indexRoutes(registryRoutes)

  // Nothing is awaited that is there already: a wait is dear where an answer takes a few microseconds.
  async function serve(exchange: Exchange, origin: Origin): Promise<void> {
    const { request } = exchange
    const hosted = registries.byHost(request.headers.host)
    const registry = hosted instanceof Promise ? await hosted : hosted
    if (registry === undefined) throw new OciError('NAME_UNKNOWN', { message: 'no registry is served at this host' })
    const url = request.url ?? ''
    const queryAt = url.indexOf('?')
    const matched = matchPath(queryAt === -1 ? url : url.slice(0, queryAt))
    const methods = matched && routes.get(routeKey(matched.surface, matched.path.kind))
    const route = methods?.get(request.method ?? '')
    const need = needOf(route?.need, matched)
    const admitting = gate.admit(request, origin, registry, need)
    const admission = admitting instanceof Promise ? await admitting : admitting
    if (!admission.admitted) throw refusalError(admission.refusal)
    if (matched === undefined) throw new OciError('NOT_FOUND')
    if (route === undefined) throw methodUnsupported([...(methods?.keys() ?? [])])
    const { caller } = admission
    const path = matched.surface === 'oci' ? requireOciPath(matched.path, route.method) : requireAcrPath(matched.path)
    const query = queryAt === -1 ? noQuery : new URLSearchParams(url.slice(queryAt))
    const { response, commonHeaders } = exchange
    const call: RegistryCall = { request, response, commonHeaders, registry, caller, origin, path, query }
    try {
      // The row's constructor holds handler and kind of path together; here they have both been looked up by it.
      const handling = (handlers[route.handler] as AnyHandler)(call)
      if (handling instanceof Promise) await handling
    } catch (error) {
      if (error instanceof OutdatedCredentialError) throw refusalError(gate.refuseOutdated(registry, need))
      throw error
    }
  }

  function fail(exchange: Exchange, origin: Origin, error: unknown): void {
    const { request, response } = exchange
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

  return (request, reply) => {
    const exchange = openExchange(request.raw, reply.raw, reply.getHeaders())
    const origin = requestOrigin(request)
    reply.hijack()
    serve(exchange, origin).then(
      () => discardRest(exchange.request),
      (error: unknown) => fail(exchange, origin, error),
    )
  }
}

function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, unknown>>,
): Exchange {
  const commonHeaders = surfaceHeaders.slice()
  for (const name in headers) commonHeaders.push(name, String(headers[name]))
  return { request, response, commonHeaders }
}

/** What the row needs for this path. Where there is no row, or no such repository can be, it is to be known who asks. */
function needOf(need: RouteNeed | undefined, matched: MatchedPath | undefined): RegistryNeed {
  if (need === undefined || matched === undefined) return signedIn
  if (need.kind !== 'repository') return need
  const repository = 'repository' in matched.path ? parseRepositoryName(matched.path.repository) : undefined
  return repository === undefined ? signedIn : { ...need, repository }
}

function methodUnsupported(methods: readonly RegistryRoute['method'][]): OciError {
  return new OciError('UNSUPPORTED', { headers: { allow: methods.join(', ') } })
}
