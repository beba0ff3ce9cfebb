import { randomUUID } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { type CommandFailure, failure } from '../../framework/command/failure.ts'
import { version } from '../../framework/environment/version.ts'
import type { Log } from '../../framework/terminal/log.ts'
import { readResponse } from './read-response.ts'

/** A request. The client sends the body unchanged. */
export type HttpRequest = {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Whether the client ignores the proxy of the environment. A proxy cannot reach services of this machine. */
  readonly withoutProxy?: true
}

/** A response. Redirects are not followed. */
export type HttpResponse = {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
  /** The id of the request in the log of the server, for error messages. */
  readonly correlationId: string | undefined
}

/** Sends requests to the servers of one cloud. */
export type HttpClient = {
  /** @throws CommandFailure if the server cannot be reached, is not trusted, or if the response is too large */
  readonly send: (request: HttpRequest) => Promise<HttpResponse>
}

/** How to connect to the servers of a cloud. */
type HttpClientOptions = {
  /**
   * The only certificate authority to trust, as PEM. Without this property, the client trusts the authorities of Node
   * and of the system.
   */
  readonly ca: string | undefined
  readonly log: Log
  readonly env: Readonly<Record<string, string | undefined>>
}

const maxBodyBytes = 64 * 1024 * 1024
const timeoutMs = 100_000
const maxAttempts = 4
const maxWaitSeconds = 30

/**
 * Creates a client. If the server answers 429 or 503, the client waits for the time in `Retry-After`, and tries again.
 */
export function createHttpClient({ ca, log, env }: HttpClientOptions): HttpClient {
  const authorities = ca ?? trustedCertificates()
  const agentsWith = (proxy: { readonly proxyEnv?: NodeJS.ProcessEnv }): Agents => ({
    secure: new https.Agent({ keepAlive: true, ...proxy, ca: authorities }),
    plain: new http.Agent({ keepAlive: true, ...proxy }),
  })
  const byProxy = agentsWith({ proxyEnv: env })
  const direct = agentsWith({})
  const attempt = async (request: HttpRequest): Promise<HttpResponse> => {
    const startedMs = performance.now()
    const response = await exchange(request, request.withoutProxy === true ? direct : byProxy).catch(
      (error: unknown) => {
        log.debug(`${request.method} ${request.url} failed: ${plainReason(error)}`)
        throw unreachable(request.url, error)
      },
    )
    const durationMs = Math.round(performance.now() - startedMs)
    log.debug(
      `${request.method} ${request.url} ${response.status} (${durationMs} ms, ${response.correlationId ?? '-'})`,
    )
    return response
  }
  return {
    send: async (request) => {
      for (let count = 1; ; count += 1) {
        const response = await attempt(request)
        const isBusy = response.status === 429 || response.status === 503
        if (!isBusy || count === maxAttempts) return response
        const seconds = retryAfterSeconds(response) ?? count
        if (seconds > maxWaitSeconds) return response
        log.info(`the server is busy; trying again in ${seconds} s`)
        await sleep(seconds * 1000)
      }
    },
  }
}

/** The authorities of Node, of `NODE_EXTRA_CA_CERTS` and of the system, as PEM. */
export function trustedCertificates(): string[] {
  return [...tls.getCACertificates('default'), ...tls.getCACertificates('system')]
}

type Agents = { readonly secure: https.Agent; readonly plain: http.Agent }

async function exchange(request: HttpRequest, agents: Agents, isRetry = false): Promise<HttpResponse> {
  const { method, url, headers, body } = request
  const target = new URL(url)
  const isPlain = target.protocol === 'http:'
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>()
  const sent = (isPlain ? http : https).request(target, {
    method,
    agent: isPlain ? agents.plain : agents.secure,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      accept: 'application/json',
      'user-agent': `acrux/${version}`,
      'x-ms-client-request-id': randomUUID(),
      ...headers,
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    },
  })
  sent.on('response', (response) => {
    readResponse(response, maxBodyBytes).then((bytes) => resolve(toResponse(response, bytes)), reject)
  })
  sent.on('error', reject)
  sent.end(body)
  try {
    return await promise
  } catch (error) {
    // The server may close an idle connection just before the client uses the connection again. [Node,
    // request.reusedSocket]
    const isStale = sent.reusedSocket && systemErrorCode(error) === 'ECONNRESET'
    if (isStale && !isRetry) return exchange(request, agents, true)
    throw error
  }
}

function toResponse({ statusCode, headers }: http.IncomingMessage, body: Buffer): HttpResponse {
  const id = headers['x-ms-correlation-request-id'] ?? headers['x-ms-request-id'] ?? headers['request-id']
  // The text becomes part of displayed commands, so only a fixed format is accepted.
  const correlationId = typeof id === 'string' && /^[\w.-]{1,100}$/.test(id) ? id : undefined
  return { status: statusCode ?? 0, headers, body, correlationId }
}

/** Seconds, or a date. [RFC 9110 §10.2.3] */
function retryAfterSeconds({ headers }: HttpResponse): number | undefined {
  const text = headers['retry-after']
  if (text === undefined) return undefined
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000)
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Whether the certificate of the server was issued by an untrusted certificate authority. */
export function isUnknownAuthority(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return unknownAuthority.has(systemErrorCode(cause) ?? '')
}

function unreachable(url: string, error: unknown): CommandFailure {
  const { origin } = new URL(url)
  return isUnknownAuthority(error)
    ? failure(
        `the certificate of ${origin} was issued by an untrusted certificate authority`,
        `run acrux login --server ${origin}, which shows the fingerprint of the certificate authority, or add --ca-file`,
        error,
      )
    : failure(
        `the request to ${origin} failed: ${plainReason(error)}`,
        'check the URL, and that the server can be reached from this machine',
        error,
      )
}

/** The JSON of a response, or undefined if the body is not JSON. */
export function jsonOf({ body }: HttpResponse): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** A form. [RFC 6749 appendix B] */
export function formRequest(url: string, form: Readonly<Record<string, string | undefined>>): HttpRequest {
  const fields = Object.entries(form).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  }
}
