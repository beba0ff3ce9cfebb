import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { chmod, rm } from 'node:fs/promises'
import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { requestListener } from './raw-surface.ts'
import { rejectRequest } from './reject-request.ts'
import { discardRest, endResponse } from './unread-body.ts'

/*
 * Threads that accept connections forward requests to the main thread over a Unix socket. A process that can open the
 * socket can also read the data directory, so the main thread trusts the addresses in the forwarded requests.
 */

/** The header with the addresses of the client's connection. If a client sends this header, the value is dropped. */
const connectionHeader = 'acrux-connection'

/** The maximum size of the headers, which is larger than the maximum size that a client may send. */
const maxHeaderSize = 64 * 1024

/**
 * The headers that are not forwarded, because they belong to one connection, or because they frame a body and are
 * written again. Headers that begin with `proxy-` also belong to one connection. [RFC 9110 §7.6.1]
 */
const ofRequestConnection = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
  connectionHeader,
])
/**
 * Headers that a client cannot drop by listing their names in `Connection`, because the server reads the registry and
 * the client's address from these headers.
 */
const ofEveryRequest = new Set(['host', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])
const ofResponseConnection = new Set(['connection', 'keep-alive', 'transfer-encoding'])

/**
 * Forwards a complete request to the main thread, and the response to the client. `body` is the body, if it was already
 * read.
 */
export type Forward = (request: IncomingMessage, response: ServerResponse, body?: string) => void

/**
 * Creates a function that forwards requests to the socket at `path`. This function does not throw. A request that
 * cannot be sent gets the status 400, and a request that the main thread does not answer gets the status 502. `app`
 * sends these responses. A request whose client has closed the connection is dropped.
 */
export function createForwarder(path: string, app: () => FastifyInstance): Forward {
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 256 })
  return (request, response, body) => {
    // If the client has closed the connection, the event `close` of the response has already occurred or never occurs.
    // Nothing would then end the request to the main thread.
    if (request.socket.destroyed) return
    const { method, url } = request
    let forwarded: http.ClientRequest
    try {
      const headers = forwardedHeaders(request, body)
      forwarded = http.request({ agent, socketPath: path, method, path: url, headers })
    } catch (error) {
      app().warnLimited('a request could not be forwarded', { err: error })
      rejectRequest(app(), { request, response }, 400, 'The request could not be read.')
      return
    }
    forwarded.on('response', (answer) => returnAnswer(answer, { request, response, forwarded }))
    forwarded.on('error', (error) => {
      if (response.headersSent || response.destroyed || request.destroyed) {
        response.destroy()
        return
      }
      app().warnLimited('the main thread did not answer a request', { err: error })
      request.unpipe(forwarded)
      rejectRequest(app(), { request, response }, 502, 'The server could not complete the request.')
    })
    response.on('close', () => {
      if (!response.writableFinished) forwarded.destroy()
    })
    request.on('error', () => forwarded.destroy())
    if (body === undefined) request.pipe(forwarded)
    else forwarded.end(body)
  }
}

type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly forwarded: http.ClientRequest
}

function returnAnswer(answer: IncomingMessage, { request, response, forwarded }: Exchange): void {
  if (answer.headers.connection === 'close') response.shouldKeepAlive = false
  const { statusCode = 502, statusMessage, rawHeaders } = answer
  const headers = withoutHeaders(rawHeaders, (name) => ofResponseConnection.has(name))
  response.writeHead(statusCode, statusMessage, headers)
  answer.pipe(response, { end: false })
  answer.on('end', () => {
    request.unpipe(forwarded)
    if (!request.complete) forwarded.destroy()
    endResponse(request, response)
    discardRest(request)
  })
  answer.on('error', () => response.destroy())
}

function forwardedHeaders({ rawHeaders, headers, socket }: IncomingMessage, body: string | undefined): string[] {
  const named = new Set(headers.connection?.split(',').map((name) => name.trim().toLowerCase()))
  const isOfConnection = (name: string): boolean =>
    ofRequestConnection.has(name) || name.startsWith('proxy-') || (named.has(name) && !ofEveryRequest.has(name))
  return [
    connectionHeader,
    JSON.stringify(connectionOf(socket)),
    'connection',
    'keep-alive',
    ...framingOf(headers, body),
    ...withoutHeaders(rawHeaders, isOfConnection),
  ]
}

/**
 * The length of a body after decoding may differ from the length in the header, so the length is calculated again.
 * Without a length, Node would send an empty body in chunks.
 */
function framingOf(headers: IncomingMessage['headers'], body: string | undefined): [name: string, value: string] {
  if (body !== undefined) return ['content-length', String(Buffer.byteLength(body))]
  if (headers['transfer-encoding'] !== undefined) return ['transfer-encoding', 'chunked']
  return ['content-length', headers['content-length'] ?? '0']
}

function withoutHeaders(rawHeaders: readonly string[], isDropped: (lowerCaseName: string) => boolean): string[] {
  const kept: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (!isDropped(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] ?? '')
  }
  return kept
}

type Connection = {
  readonly [Name in 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort']: Socket[Name] | undefined
}

function connectionOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): Connection {
  return { remoteAddress, remotePort, localAddress, localPort }
}

/**
 * A response that does not close the connection between the threads. Fastify closes the connection after the response
 * to a body that is too large. The other thread, which is still sending the body, would then lose this response.
 */
class KeptResponse<Request extends IncomingMessage> extends http.ServerResponse<Request> {
  override writeHead(status: number, ...rest: unknown[]): this {
    const headers = rest.at(-1)
    if (typeof headers === 'object' && headers !== null && 'connection' in headers) delete headers.connection
    return super.writeHead(status, ...(rest as [http.OutgoingHttpHeaders]))
  }
}

/**
 * Accepts forwarded requests in the main thread. A handler sees the addresses of the client's connection.
 *
 * @param path the path of a socket that no other code uses. A socket that remains from an earlier process is deleted
 */
export async function listenForForwarded(
  app: FastifyInstance,
  path: string,
): Promise<{ readonly close: () => Promise<void> }> {
  await app.ready()
  const answer = requestListener(app)
  const server = http.createServer(
    {
      ServerResponse: KeptResponse,
      maxHeaderSize,
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: 0,
      requireHostHeader: false,
    },
    (request, response) => {
      readConnection(request)
      answer(request, response)
    },
  )
  // With a maximum number of headers, Node could drop some headers. The total size of the headers is limited instead.
  server.maxHeadersCount = 0
  await rm(path, { force: true })
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Sets the addresses of the client's connection on the socket. The socket serves one request at a time. */
function readConnection(request: IncomingMessage): void {
  const { headers, socket } = request
  const connection = JSON.parse(String(headers[connectionHeader] ?? '{}')) as Connection
  // oxlint-disable-next-line typescript/no-dynamic-delete
  delete headers[connectionHeader]
  for (const [name, value] of Object.entries(connection)) {
    Object.defineProperty(socket, name, { value, configurable: true })
  }
}
