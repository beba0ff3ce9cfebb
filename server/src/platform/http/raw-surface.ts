import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance, HTTPMethods } from 'fastify'
import { newTimeOrderedId } from '../process/time-ordered-id.ts'
import { onAnswerEnd } from './answer-end.ts'
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
    readonly rawSurfaces?: RawSurface[]
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
      // Taken over before any parser sees the body.
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
 * What answers the requests of an application that is ready.
 *
 * A request to a raw surface is handed over without Fastify, whose way of routes, hooks and replies would take as long as the
 * rest of a small answer. Where its path is not written as plainly as usual, Fastify decides whose it is, and hands it over
 * just so.
 */
export function requestListener(app: FastifyInstance): RequestListener {
  const mounted = (app.rawSurfaces ?? []).flatMap((surface) => {
    const methods = new Set<string>(surface.methods)
    return surface.paths.map((path) => ({ surface, methods, prefix: `${path}/`, route: `${path}/*` }))
  })
  return (request, response) => {
    const { url = '', method = '' } = request
    const found = isEncodedPath(url) ? undefined : mounted.find(({ prefix }) => url.startsWith(prefix))
    if (found?.methods.has(method) === true) handOver(app, found.surface, found.route, request, response)
    else app.routing(request, response)
  }
}

/** Whether anything before the query is percent-encoded. */
function isEncodedPath(url: string): boolean {
  const encodedAt = url.indexOf('%')
  if (encodedAt === -1) return false
  const queryAt = url.indexOf('?')
  return queryAt === -1 || encodedAt < queryAt
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
  const correlationId = newTimeOrderedId(Date.now())
  const remoteAddress = app.remoteAddress(request)
  onAnswerEnd(request, response, (end) => {
    const answered = {
      ...end,
      correlationId,
      method,
      url,
      host: headers.host,
      milliseconds: performance.now() - begunMs,
      remoteAddress,
      route,
    }
    for (const listener of app.answeredListeners) listener(answered)
  })
  const origin = originOf(correlationId, remoteAddress, headers)
  surface.handle({ request, response, origin, commonHeaders: commonHeaders(app, correlationId, headers) })
}
