import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { CallerBudgets } from '../limits/caller-budget.ts'
import type { Log } from '../log/log.ts'
import { outageOf } from '../process/outage.ts'
import { newTimeOrderedId } from '../process/time-ordered-id.ts'
import { type WarnNowAndThen, createWarnNowAndThen } from '../log/warn-now-and-then.ts'
import { onAnswerEnd } from './answer-end.ts'
import { type AnsweredListener, createRequestLog } from './request-log.ts'

export type AppOptions = {
  readonly log: Log
  /** Addresses and networks of the proxies whose `X-Forwarded-*` headers are believed; empty for none. */
  readonly trustedProxies: readonly string[]
  /** Whether HSTS includes all subdomains. */
  readonly hstsIncludeSubDomains?: boolean
  /** The limits of each caller over all surfaces; absent for the defaults. */
  readonly callerBudgets?: CallerBudgets
}

/** The largest body that is read into memory: forms and documents. Streams have limits of their own. */
export const bodyLimitBytes = 1024 * 1024

/** Who asks, from where, under which correlation id; what an audit event and a log line need to know of a request. */
export type Origin = {
  readonly correlationId: string
  readonly remoteAddress: string
  readonly userAgent: string | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Where a request came from: the far end of the connection, or what a trusted proxy says of it; empty once that is gone. */
    readonly remoteAddress: (request: IncomingMessage) => string
    /** Are told of every answer, whichever way the request took. */
    readonly answeredListeners: AnsweredListener[]
    /** Whether an address is a trusted proxy. */
    readonly isTrustedProxy: (address: string) => boolean
    /** For warnings that any client can cause. */
    readonly warnNowAndThen: WarnNowAndThen
    /** The value of the `Strict-Transport-Security` header. */
    readonly strictTransportSecurity: string
    /** The budgets of all callers. */
    readonly callerBudgets: CallerBudgets
  }
}

/**
 * The HTTP application, without surfaces and without listeners. Paths are matched without regard to case, a trailing
 * slash or doubled slashes, since Azure's management API is; a surface that must tell them apart looks at the raw URL.
 */
export function createApp(settings: AppOptions): FastifyInstance {
  const { log, trustedProxies, hstsIncludeSubDomains = false } = settings
  const isTrusted = trustedProxies.length === 0 ? undefined : proxyAddr.compile([...trustedProxies])
  const app = Fastify({
    logger: false,
    trustProxy: isTrusted ?? false,
    bodyLimit: bodyLimitBytes,
    exposeHeadRoutes: false,
    genReqId: () => newTimeOrderedId(Date.now()),
    frameworkErrors: (error, request, reply) => {
      const status: number = error.statusCode ?? 400
      // No hook is called for what no route could be looked for.
      writeCommonHeaders(request, reply)
      tellWhenAnswered(app, request, reply)
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
  app.decorate(
    'remoteAddress',
    (request) => (isTrusted === undefined ? request.socket.remoteAddress : proxyAddr(request, isTrusted)) ?? '',
  )
  app.decorate('answeredListeners', [createRequestLog(log)])
  app.decorate('isTrustedProxy', (address) => isTrusted?.(address, 0) ?? false)
  app.decorate('warnNowAndThen', createWarnNowAndThen(log))
  app.decorate('strictTransportSecurity', `max-age=31536000${hstsIncludeSubDomains ? '; includeSubDomains' : ''}`)
  app.decorate('callerBudgets', settings.callerBudgets ?? new CallerBudgets())
  app.addHook('onRequest', (request, reply, done) => {
    writeCommonHeaders(request, reply)
    tellWhenAnswered(app, request, reply)
    done()
  })
  // Surfaces have handlers of their own; this one is for what lies outside of them.
  app.setErrorHandler((error, request, reply) => {
    const status = clientStatusOf(error)
    if (status === undefined) log.error({ id: request.id, err: error }, 'a request failed')
    const outage = outageOf(error)
    if (outage !== undefined) {
      const { message, retryAfterSeconds } = outage
      const body = { error: { code: outageCodes[outage.kind], message } }
      return reply.code(outage.status).header('retry-after', String(retryAfterSeconds)).send(body)
    }
    const [code, message] =
      status === undefined
        ? ['InternalServerError', 'The server could not complete the request.']
        : ['BadRequest', 'The request could not be read.']
    return reply.code(status ?? 500).send({ error: { code, message } })
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: 'NotFound', message: 'There is no endpoint at this path.' } }),
  )
  return app
}

/** What an audit event says of where a request came from. */
export function requestOrigin({ id, server, raw }: FastifyRequest): Origin {
  return originOf(id, server.remoteAddress(raw), raw.headers)
}

/** The same of a request that is not Fastify's. */
export function originOf(correlationId: string, remoteAddress: string, headers: IncomingHttpHeaders): Origin {
  return { correlationId, remoteAddress, userAgent: headers['user-agent']?.slice(0, 256) }
}

const outageCodes = { 'disk-full': 'InsufficientStorage', 'database-busy': 'ServiceUnavailable' } as const

const clientRequestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

/**
 * The name of everybody's own machine. A browser that remembers that it wants HTTPS would refuse whatever else is served
 * there, such as az, which waits for its code at `http://localhost`. [RFC 6761 §6.3; RFC 6797 §8.2]
 */
const machinesOwn = /(?:^|\.)localhost(?::\d+)?$/i

/** What every answer of the server carries, names and values alternating. */
export function commonHeaders(
  { strictTransportSecurity }: FastifyInstance,
  correlationId: string,
  headers: IncomingHttpHeaders,
): string[] {
  // prettier-ignore
  const common = [
    'x-ms-correlation-request-id', correlationId,
    'x-ms-request-id',             correlationId,
    'x-content-type-options',      'nosniff',
  ]
  if (!machinesOwn.test(headers.host ?? '')) {
    common.push('strict-transport-security', strictTransportSecurity)
  }
  const clientRequestId = headers['x-ms-client-request-id']
  if (typeof clientRequestId === 'string' && clientRequestIdPattern.test(clientRequestId)) {
    common.push('x-ms-client-request-id', clientRequestId)
  }
  return common
}

/** The status of what went wrong before a handler was reached, where that was the client's fault: a body that could not be read. */
export function clientStatusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

function writeCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const common = commonHeaders(request.server, request.id, request.headers)
  for (let index = 0; index < common.length; index += 2) reply.header(common[index] ?? '', common[index + 1])
}

function tellWhenAnswered(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const { id, method, url, headers, raw, routeOptions } = request
  const remoteAddress = app.remoteAddress(raw)
  onAnswerEnd(raw, reply.raw, (end) => {
    const answered = {
      ...end,
      correlationId: id,
      method,
      url,
      host: headers.host,
      milliseconds: reply.elapsedTime,
      remoteAddress,
      route: routeOptions.url,
    }
    for (const listener of app.answeredListeners) listener(answered)
  })
}
