import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import { newTimeOrderedId } from '../process/time-ordered-id.ts'
import { onResponseEnd } from './response-end.ts'
import { type Origin, commonHeaders, originOf, requestOrigin } from './app.ts'

/** A request that a surface answers with Node's own API. The surface also writes the headers. */
export type RawExchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly origin: Origin
  /** The headers of every response, as alternating names and values. */
  readonly commonHeaders: readonly string[]
  /** Set if another thread answers the request. The other thread then also reports the end of the response. */
  isHandedOver?: true
  /** The text of the body, if the surface has read the body. */
  bodyText?: string
}

/**
 * A surface whose paths Fastify's router cannot match and whose bodies are streams. The surface receives every request
 * below its paths, and matches the raw URL.
 */
export type RawSurface = {
  /** The name for the metrics. */
  readonly name: string
  /** The paths, without a trailing slash. */
  readonly paths: readonly string[]
  readonly methods: readonly HTTPMethods[]
  /** Handles a request. This function must not throw. */
  readonly handle: (exchange: RawExchange) => void
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined if no raw surface is mounted. */
    readonly rawSurfaces?: RawSurface[]
  }

  interface FastifyContextConfig {
    /** The name of the surface of a route. */
    readonly surface?: string
  }
}

/** Adds a raw surface to an application. */
export function mountRaw(app: FastifyInstance, surface: RawSurface): void {
  if (app.rawSurfaces === undefined) app.decorate('rawSurfaces', [surface])
  else app.rawSurfaces.push(surface)
  for (const url of surface.paths.flatMap((path) => [path, `${path}/*`])) {
    app.route({
      method: [...surface.methods],
      url,
      config: { surface: surface.name },
      // This hook runs before a parser reads the body.
      onRequest: (request, reply, _done) => {
        reply.hijack()
        surface.handle({
          request: request.raw,
          response: reply.raw,
          origin: requestOrigin(request),
          commonHeaders: commonHeaders(app, request.id, request.headers),
        })
      },
      handler: () => undefined,
    })
  }
}

/**
 * Creates the request listener of an application that is ready.
 *
 * A request to a raw surface bypasses Fastify, because Fastify's routing, hooks and replies would double the time of a
 * small response. If the path is percent-encoded, Fastify routes the request, also to raw surfaces.
 */
export function requestListener(app: FastifyInstance): RequestListener {
  const mounted = (app.rawSurfaces ?? []).flatMap((surface) => {
    const methods = new Set<string>(surface.methods)
    return surface.paths.map((path) => ({ surface, methods, prefix: `${path}/`, route: `${path}/*` }))
  })
  const answer: RequestListener = (request, response) => {
    const { url = '', method = '' } = request
    const found = isEncodedPath(url) ? undefined : mounted.find(({ prefix }) => url.startsWith(prefix))
    if (found?.methods.has(method) === true) serveRaw(app, found, request, response)
    else app.routing(request, response)
  }
  return app.interceptor?.(answer) ?? answer
}

/** Whether the path is percent-encoded. */
export function isEncodedPath(url: string): boolean {
  const encodedAt = url.indexOf('%')
  if (encodedAt === -1) return false
  const queryAt = url.indexOf('?')
  return queryAt === -1 || encodedAt < queryAt
}

function serveRaw(
  app: FastifyInstance,
  { surface, route }: { readonly surface: RawSurface; readonly route: string },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const begunMs = performance.now()
  const { headers, method = '', url = '' } = request
  const correlationId = newTimeOrderedId(Date.now())
  const remoteAddress = app.remoteAddress(request)
  const origin = originOf(correlationId, remoteAddress, headers)
  const exchange: RawExchange = { request, response, origin, commonHeaders: commonHeaders(app, correlationId, headers) }
  onResponseEnd(request, response, (end) => {
    if (exchange.isHandedOver === true) return
    const completed = {
      ...end,
      correlationId,
      method,
      url,
      host: headers.host,
      milliseconds: performance.now() - begunMs,
      remoteAddress,
      route,
      surface: surface.name,
    }
    for (const listener of app.completionListeners) listener(completed)
  })
  surface.handle(exchange)
}
