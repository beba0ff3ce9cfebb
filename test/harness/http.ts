import { readFileSync } from 'node:fs'
import { request as httpRequest, type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import type { LookupFunction } from 'node:net'
import { createSecureContext, type ConnectionOptions, type SecureContext } from 'node:tls'
import { Readable } from 'node:stream'

/** What `request` sends. */
export interface HttpRequest {
  /** `GET` by default. */
  method?: string
  url: string | URL
  headers?: OutgoingHttpHeaders
  /** Bytes and text are sent with their length, a stream in chunks unless a length is among the headers. */
  body?: Buffer | Uint8Array | string | Readable
  /** The PEM file of the only authority that is trusted; without it, the system's are. */
  caFile?: string
  /**
   * By default, connections to servers of the harness are kept, and other requests have a connection of their own, as with
   * `false`. On a connection that was kept, a request that the server closed without an answer is sent again, unless its body is
   * a stream.
   */
  agent?: Agent | false
  /** Milliseconds of silence after which the request fails; 120,000 by default. */
  timeoutMs?: number
}

/** What came back, whole. */
export interface HttpResponse {
  status: number
  headers: IncomingHttpHeaders
  /** Names and values as they came over the wire, alternating. */
  rawHeaders: string[]
  body: Buffer
  text(): string
  /** The body as JSON; throws with the beginning of the body where it is none. */
  json(): unknown
}

/** Names below `localhost` and `test` are this machine, whatever its resolver says of them [RFC 6761 §6.2, §6.3]. */
const lookupLoopback: LookupFunction = (_host, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

/**
 * The TLS context that trusts an authority, by its PEM: parsing it for each connection takes as long as the
 * handshake.
 */
const secureContexts = new Map<string, SecureContext>()

/** Trusts the authority of a file, whose content may have changed since the last request. */
function trusting({ caFile }: HttpRequest): ConnectionOptions {
  if (caFile === undefined) return {}
  const ca = readFileSync(caFile, 'utf8')
  const secureContext = secureContexts.get(ca) ?? createSecureContext({ ca })
  secureContexts.set(ca, secureContext)
  // An agent shares its connections between requests with the same options, and a context is not one of them.
  return { ca, secureContext }
}

/** What keeps the connections of requests, by the file of the authority that they trust. */
const keepers = new Map<string, HttpsAgent>()

/**
 * Keeps the connections of requests that trust the authority of this file: a handshake takes longer than most requests. Call
 * what is returned before the server ends: then idle connections are closed, and a request that is cut off is not sent again.
 */
export function keepConnections(caFile: string): () => void {
  const keeper = new HttpsAgent({ keepAlive: true, maxFreeSockets: 16 })
  keepers.set(caFile, keeper)
  return () => {
    if (keepers.get(caFile) === keeper) keepers.delete(caFile)
    for (const socket of Object.values(keeper.freeSockets).flat()) socket?.destroy()
  }
}

/** What keeps the connection of a request, if anything does. */
function keeperOf({ agent, caFile, body }: HttpRequest): Agent | false {
  if (agent !== undefined) return agent
  return (!(body instanceof Readable) && keepers.get(caFile ?? '')) || false
}

/** The ports of servers that share a host, by the authority that signed the certificate of each. */
const sharedHosts = new Map<string, number>()

/**
 * Requests that trust the authority of this file go to this port, whatever their URL says: as through a balancer to one of
 * several servers with one host. Returns what ends it.
 */
export function connectTo(port: number, caFile: string): () => void {
  sharedHosts.set(caFile, port)
  return () => void sharedHosts.delete(caFile)
}

function optionsOf(what: HttpRequest, url: URL, agent: Agent | false): RequestOptions {
  const port = sharedHosts.get(what.caFile ?? '')
  const headers: OutgoingHttpHeaders = { ...(port !== undefined && { host: url.host }), ...what.headers }
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const sized = !names.has('content-length') && !names.has('transfer-encoding')
  if (sized && what.body !== undefined && !(what.body instanceof Readable)) {
    headers['content-length'] = Buffer.byteLength(what.body)
  }
  const isLoopback = /(^|\.)(localhost|test)$/.test(url.hostname)
  return {
    method: what.method ?? 'GET',
    headers,
    agent,
    timeout: what.timeoutMs ?? 120_000,
    ...(url.protocol === 'https:' && trusting(what)),
    ...((isLoopback || port !== undefined) && { lookup: lookupLoopback }),
    ...(port !== undefined && { port }),
  }
}

function responseOf(status: number, headers: IncomingHttpHeaders, rawHeaders: string[], body: Buffer): HttpResponse {
  const text = (): string => body.toString('utf8')
  const json = (): unknown => {
    try {
      return JSON.parse(text())
    } catch (cause) {
      throw new Error(`status ${status} with a body that is not JSON: ${text().slice(0, 400)}`, { cause })
    }
  }
  return { status, headers, rawHeaders, body, text, json }
}

/**
 * One HTTP exchange, over TLS where the URL says `https:`. Redirects are never followed and bodies never unpacked. A server
 * that answers before it has read the whole body, and closes, is no failure: its answer counts.
 */
export async function request(what: HttpRequest): Promise<HttpResponse> {
  for (;;) {
    const response = await attempt(what)
    if (response !== undefined) return response
  }
}

/** Undefined if a connection that was to be used again turned out to be closed. */
function attempt(what: HttpRequest): Promise<HttpResponse | undefined> {
  const url = new URL(what.url)
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest
    const keeper = keeperOf(what)
    const outgoing = send(url, optionsOf(what, url, keeper))
    let answered = false
    outgoing.on('response', (incoming) => {
      answered = true
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        resolve(responseOf(incoming.statusCode ?? 0, incoming.headers, incoming.rawHeaders, Buffer.concat(chunks)))
        if (!outgoing.writableFinished) outgoing.destroy()
      })
    })
    let isLate = false
    outgoing.on('timeout', () => {
      isLate = true
      outgoing.destroy(new Error(`no answer in time: ${what.method ?? 'GET'} ${url.href}`))
    })
    outgoing.on('error', (error) => {
      if (answered) return
      const isKept = keeper === keeperOf(what)
      const isStale = outgoing.reusedSocket && isKept && !isLate && !(what.body instanceof Readable)
      if (isStale) resolve(undefined)
      else reject(error)
    })
    if (what.body instanceof Readable) {
      what.body.on('error', (error) => outgoing.destroy(error))
      what.body.pipe(outgoing)
    } else outgoing.end(what.body)
  })
}

/** The body and header of an HTML form; a field given as a list is sent once for each of its values. */
export function form(fields: Record<string, string | readonly string[] | undefined>): {
  body: string
  headers: Record<string, string>
} {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) body.append(name, one)
  }
  return { body: body.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } }
}
