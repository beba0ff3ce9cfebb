import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { CallerBudgets } from '../limits/caller-budget.ts'
import { OverBudgetError } from '../limits/caller-limits.ts'
import type { Log } from '../log/log.ts'
import { outageOf } from '../process/outage.ts'
import { newTimeOrderedId } from '../process/time-ordered-id.ts'
import { type LimitedWarning, createLimitedWarning } from '../log/limited-warning.ts'
import { sendOverBudget } from './over-budget.ts'
import { onResponseEnd } from './response-end.ts'
import type { Interceptor } from './interceptor.ts'
import { denialCostMs } from './route-cost.ts'
import { type CompletionListener, createRequestLog } from './request-log.ts'

export type AppOptions = {
  readonly log: Log
  /** Addresses and networks of the proxies whose `X-Forwarded-*` headers are trusted. */
  readonly trustedProxies: readonly string[]
  /** Whether HSTS includes all subdomains. */
  readonly hstsIncludeSubDomains?: boolean
  /** Changes the URL of a request before routing, to support other spellings of a path. */
  readonly rewriteUrl?: (url: string) => string
  /** The limits of each caller over all surfaces. Default: the usual limits. */
  readonly callerBudgets?: CallerBudgets
  /** Receives every request before the surfaces. Only an emulator has an interceptor. */
  readonly interceptor?: Interceptor | undefined
}

/** The maximum size of a body that is read into memory, such as a form or a document. Streams have other limits. */
export const bodyLimitBytes = 1024 * 1024

/** The origin of a request, for audit events and log lines. */
export type Origin = {
  readonly correlationId: string
  readonly remoteAddress: string
  readonly userAgent: string | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The address of the client, from the connection or a trusted proxy. Empty after the connection is closed. */
    readonly remoteAddress: (request: IncomingMessage) => string
    /** The functions that are called after every request of any surface. */
    readonly completionListeners: CompletionListener[]
    /** Whether an address is a trusted proxy. */
    readonly isTrustedProxy: (address: string) => boolean
    /** Logs warnings that any client can cause. The number of warnings is limited. */
    readonly warnLimited: LimitedWarning
    /** The value of the `Strict-Transport-Security` header. */
    readonly strictTransportSecurity: string
    /** The budgets of all callers. */
    readonly callerBudgets: CallerBudgets
    /** Undefined if the server is not an emulator. */
    readonly interceptor: Interceptor | undefined
  }
}

/**
 * Creates the HTTP application, without surfaces and listeners. Paths are matched like in Azure's management API: the
 * case, a trailing slash and repeated slashes are ignored. A surface that must distinguish these paths uses the raw
 * URL.
 */
export function createApp(settings: AppOptions): FastifyInstance {
  const { log, trustedProxies, hstsIncludeSubDomains = false, rewriteUrl = (url: string) => url } = settings
  const isTrusted = trustedProxies.length === 0 ? undefined : proxyAddr.compile([...trustedProxies])
  const app = Fastify({
    logger: false,
    trustProxy: isTrusted ?? false,
    bodyLimit: bodyLimitBytes,
    exposeHeadRoutes: false,
    rewriteUrl: ({ url = '/' }: IncomingMessage) => rewriteUrl(url),
    schemaController: { compilersFactory: { buildValidator: rejectSchemas, buildSerializer: rejectSchemas } },
    genReqId: () => newTimeOrderedId(Date.now()),
    frameworkErrors: (error, request, reply) => {
      const status: number = error.statusCode ?? 400
      // Fastify does not call hooks if the URL is malformed.
      writeCommonHeaders(request, reply)
      watchCompletion(app, request, reply)
      void rejectMalformed(app, request, reply, status)
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
  app.decorate('completionListeners', [createRequestLog(log)])
  app.decorate('isTrustedProxy', (address) => isTrusted?.(address, 0) ?? false)
  app.decorate('warnLimited', createLimitedWarning(log))
  app.decorate('strictTransportSecurity', `max-age=31536000${hstsIncludeSubDomains ? '; includeSubDomains' : ''}`)
  app.decorate('interceptor', settings.interceptor)
  app.decorate('callerBudgets', settings.callerBudgets ?? new CallerBudgets())
  app.addHook('onRequest', (request, reply, done) => {
    writeCommonHeaders(request, reply)
    watchCompletion(app, request, reply)
    done()
  })
  // Surfaces have their own error handlers. This error handler is for errors outside of surfaces.
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof OverBudgetError) return sendOverBudget(error, reply)
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
  app.setNotFoundHandler(async (request, reply) => {
    await payForDenial(app, request.raw)
    return reply.code(404).send({ error: { code: 'NotFound', message: 'There is no endpoint at this path.' } })
  })
  return app
}

/** Answers a request with a malformed URL, and charges the cost to the client's address. */
async function rejectMalformed(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
): Promise<void> {
  try {
    await payForDenial(app, request.raw)
    void reply.code(status).send({ error: { code: 'BadRequest', message: 'The URL is malformed.' } })
  } catch (error) {
    if (!(error instanceof OverBudgetError)) throw error
    sendOverBudget(error, reply)
  }
}

/**
 * Charges the cost of a request that belongs to no surface to the client's address.
 *
 * @throws OverBudgetError if the queue of the address is full
 */
function payForDenial({ callerBudgets, remoteAddress }: FastifyInstance, request: IncomingMessage): Promise<void> {
  return callerBudgets.ofAddress(remoteAddress(request)).settle(denialCostMs)
}

/**
 * Surfaces read and write bodies with their own schemas. Without Fastify's compilers of JSON Schema, the server starts
 * 25 ms earlier.
 *
 * @throws Error on every call
 */
function rejectSchemas(): never {
  throw new Error('a route cannot have a JSON Schema: the surface of the route reads and writes bodies')
}

/** The origin of a Fastify request. */
export function requestOrigin({ id, server, raw }: FastifyRequest): Origin {
  return originOf(id, server.remoteAddress(raw), raw.headers)
}

/** The origin of a request that Fastify does not handle. */
export function originOf(correlationId: string, remoteAddress: string, headers: IncomingHttpHeaders): Origin {
  return { correlationId, remoteAddress, userAgent: headers['user-agent']?.slice(0, 256) }
}

const outageCodes = {
  'disk-full': 'InsufficientStorage',
  'database-busy': 'ServiceUnavailable',
  'database-unavailable': 'ServiceUnavailable',
  'storage-unavailable': 'ServiceUnavailable',
  'writes-paused': 'ServiceUnavailable',
} as const

const clientRequestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

/**
 * The names of the local machine. With HSTS, a browser would block plain HTTP on these names. For example, the sign-in
 * of az receives its code at `http://localhost`. [RFC 6761 §6.3; RFC 6797 §8.2]
 */
const localhostPattern = /(?:^|\.)localhost(?::\d+)?$/i

/** The headers of every response, as alternating names and values. */
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
  if (!localhostPattern.test(headers.host ?? '')) {
    common.push('strict-transport-security', strictTransportSecurity)
  }
  const clientRequestId = headers['x-ms-client-request-id']
  if (typeof clientRequestId === 'string' && clientRequestIdPattern.test(clientRequestId)) {
    common.push('x-ms-client-request-id', clientRequestId)
  }
  return common
}

/**
 * The 4xx status of an error that occurred before the handler, such as an unreadable body. Undefined for other errors.
 */
export function clientStatusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

function writeCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const common = commonHeaders(request.server, request.id, request.headers)
  for (let index = 0; index < common.length; index += 2) reply.header(common[index] ?? '', common[index + 1])
}

function watchCompletion(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const { id, method, url, headers, raw, routeOptions } = request
  const remoteAddress = app.remoteAddress(raw)
  onResponseEnd(raw, reply.raw, (end) => {
    const completed = {
      ...end,
      correlationId: id,
      method,
      url,
      host: headers.host,
      milliseconds: reply.elapsedTime,
      remoteAddress,
      route: routeOptions.url,
      surface: routeOptions.config.surface,
    }
    for (const listener of app.completionListeners) listener(completed)
  })
}
