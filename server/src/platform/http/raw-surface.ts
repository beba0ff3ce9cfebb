import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import { type Origin, commonHeaders, originOf, requestOrigin } from './app.ts'

/** A request that a surface answers by Node's own means, headers and all. */
export type RawExchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly origin: Origin
  /** What every answer of the server carries, names and values alternating. */
  readonly commonHeaders: readonly string[]
}

/**
 * A surface whose paths Fastify's router cannot read and whose bodies are streams: it is handed all that lies below its
 * paths and looks at the raw URL itself.
 */
export type RawSurface = {
  /** Each without a slash at its end. */
  readonly paths: readonly string[]
  readonly methods: readonly HTTPMethods[]
  /** Must not throw: nobody is there to catch it. */
  readonly handle: (exchange: RawExchange) => void
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Absent where none was mounted. */
    readonly rawSurface?: RawSurface
  }
}

/** Adds the raw surface of an application, which has one at most. */
export function mountRaw(app: FastifyInstance, surface: RawSurface): void {
  app.decorate('rawSurface', surface)
  for (const url of surface.paths.flatMap((path) => [path, `${path}/*`])) {
    app.route({
      method: [...surface.methods],
      url,
      // Taken over before any parser sees the body.
      onRequest: (request, reply, _done) => {
        reply.hijack()
        surface.handle({
          request: request.raw,
          response: reply.raw,
          origin: requestOrigin(request),
          commonHeaders: commonHeaders(request.id, request.headers),
        })
      },
      handler: () => undefined,
    })
  }
}

/**
 * What answers the requests of an application that is ready.
 *
 * A request to the raw surface is handed over without Fastify, whose way of routes, hooks and replies would take as long as the
 * rest of a small answer. Where its path is not written as plainly as usual, Fastify decides whose it is, and hands it over
 * just so.
 */
export function requestListener(app: FastifyInstance): RequestListener {
  const { rawSurface: surface } = app
  if (surface === undefined) return (request, response) => app.routing(request, response)
  const mounted = surface.paths.map((path) => ({ prefix: `${path}/`, route: `${path}/*` }))
  const methods = new Set<string>(surface.methods)
  return (request, response) => {
    const { url = '', method = '' } = request
    const route = url.includes('%') ? undefined : mounted.find(({ prefix }) => url.startsWith(prefix))?.route
    if (route === undefined || !methods.has(method)) app.routing(request, response)
    else handOver(app, surface, route, request, response)
  }
}

function handOver(
  app: FastifyInstance,
  surface: RawSurface,
  route: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const begunMs = performance.now()
  const { headers, method = '', url = '' } = request
  const correlationId = randomUUID()
  const remoteAddress = app.remoteAddress(request)
  let told = false
  const tell = () => {
    if (told) return
    told = true
    const answered = {
      correlationId,
      method,
      url,
      host: headers.host,
      status: response.statusCode,
      milliseconds: performance.now() - begunMs,
      remoteAddress,
      route,
    }
    for (const listener of app.answeredListeners) listener(answered)
  }
  // An error that nobody listens to would end the process.
  response.on('finish', tell).on('error', tell)
  const origin = originOf(correlationId, remoteAddress, headers)
  surface.handle({ request, response, origin, commonHeaders: commonHeaders(correlationId, headers) })
}
