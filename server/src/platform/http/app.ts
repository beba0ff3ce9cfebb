import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Log } from '../log.ts'

export type AppOptions = {
  readonly log: Log
  /** Addresses and networks of the proxies whose `X-Forwarded-*` headers are believed; empty for none. */
  readonly trustedProxies: readonly string[]
}

/** The largest body that is read into memory: forms and documents. Streams have limits of their own. */
const bodyLimitBytes = 1024 * 1024

/** Who asks, from where, under which correlation id; what an audit event and a log line need to know of a request. */
export type Origin = {
  readonly correlationId: string
  readonly remoteAddress: string
  readonly userAgent: string | undefined
}

/**
 * The HTTP application, without surfaces and without listeners. Paths are matched without regard to case, a trailing
 * slash or doubled slashes, since Azure's management API is; a surface that must tell them apart looks at the raw URL.
 */
export function createApp({ log, trustedProxies }: AppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: bodyLimitBytes,
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    frameworkErrors: (error, request, reply) => {
      const status: number = error.statusCode ?? 400
      // No hook is called for what no route could be looked for.
      writeCommonHeaders(request, reply)
      reply.raw.once('finish', () => logRequest(log, request, reply as FastifyReply))
      void (reply as FastifyReply)
        .code(status)
        .send({ error: { code: 'BadRequest', message: 'The URL is malformed.' } })
    },
    routerOptions: {
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: 1024,
    },
  })
  app.addHook('onRequest', (request, reply, done) => {
    writeCommonHeaders(request, reply)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(log, request, reply)
    done()
  })
  // Surfaces have handlers of their own; this one is for what lies outside of them.
  app.setErrorHandler((error, request, reply) => {
    const status = clientStatusOf(error)
    if (status === undefined) log.error({ id: request.id, err: error }, 'a request failed')
    const [code, message] =
      status === undefined
        ? ['InternalServerError', 'The server could not complete the request.']
        : ['BadRequest', 'The request could not be read.']
    return reply.code(status ?? 500).send({ error: { code, message } })
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: 'NotFound', message: 'Nothing is served at this path.' } }),
  )
  return app
}

/** What an audit event says of where a request came from. */
export function requestOrigin(request: FastifyRequest): Origin {
  return {
    correlationId: request.id,
    remoteAddress: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, 256),
  }
}

function clientStatusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

/** How much of a text that a client chose goes into one line. */
const loggedLength = 512

const clientRequestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

function writeCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-ms-correlation-request-id', request.id)
  reply.header('x-ms-request-id', request.id)
  reply.header('x-content-type-options', 'nosniff')
  reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains')
  const clientRequestId = request.headers['x-ms-client-request-id']
  if (typeof clientRequestId === 'string' && clientRequestIdPattern.test(clientRequestId)) {
    reply.header('x-ms-client-request-id', clientRequestId)
  }
}

function logRequest(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  if (!log.isLevelEnabled('info')) return
  const { url } = request
  const queryAt = url.indexOf('?')
  log.info({
    id: request.id,
    method: request.method,
    // The query may hold what a client should not have put there; the path is enough to find the request again.
    path: url.slice(0, Math.min(queryAt === -1 ? url.length : queryAt, loggedLength)),
    host: request.headers.host?.slice(0, loggedLength),
    status: reply.statusCode,
    milliseconds: Math.round(reply.elapsedTime * 10) / 10,
    from: request.ip.slice(0, loggedLength),
  })
}
