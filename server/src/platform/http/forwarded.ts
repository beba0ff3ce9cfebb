import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { chmod, rm } from 'node:fs/promises'
import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { requestListener } from './raw-surface.ts'
import { rejectRequest } from './reject-request.ts'
import { discardRest, endResponse } from './unread-body.ts'

/*
 * Requests from a thread that accepts connections to the main thread, over a Unix socket. A process that can open the
 * socket can also read the data directory, so the main thread trusts the addresses that it is sent.
 */

/** The header with the addresses of the client's connection. The value of a client is dropped. */
const connectionHeader = 'acrux-connection'

/** Larger than any header that a client may send. */
const maxHeaderSize = 64 * 1024

/**
 * The headers of one connection, which are not forwarded, and the headers that frame a body, which are written again. Headers
 * that begin with `proxy-` also belong to one connection. [RFC 9110 §7.6.1]
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
/** Headers that a client cannot drop by naming them in `Connection`: the registry and the client's address follow from them. */
const ofEveryRequest = new Set(['host', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])
const ofResponseConnection = new Set(['connection', 'keep-alive', 'transfer-encoding'])

/** Sends a whole request to the main thread, and its response to the client. `body` is the body, if it was read already. */
export type Forward = (request: IncomingMessage, response: ServerResponse, body?: string) => void

/**
 * Creates the forwarding to the socket at `path`. It does not throw: a request that cannot be sent is answered with 400,
 * and a request that the main thread does not answer with 502, as responses of `app`. A request whose client is gone is
 * dropped.
 */
export function createForwarder(path: string, app: () => FastifyInstance): Forward {
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 256 })
  return (request, response, body) => {
    // Nothing would end the request to the main thread: the response of a client that is gone has closed, or never will.
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

/** The length of a body that was read may differ from the length of its text. Without a length, Node would send an empty body in chunks. */
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
 * A response that does not close its connection. Fastify closes that of a body which is too large; the other side, which is
 * still sending, would then lose the response.
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
 * @param path of a socket that nothing else uses; a socket that remains from an earlier process is deleted
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
  // With a maximum, Node may drop headers beyond it. The size of the headers is limited.
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

/** Gives the socket the addresses of the client's connection: it serves one request at a time. */
function readConnection(request: IncomingMessage): void {
  const { headers, socket } = request
  const connection = JSON.parse(String(headers[connectionHeader] ?? '{}')) as Connection
  // oxlint-disable-next-line typescript/no-dynamic-delete
  delete headers[connectionHeader]
  for (const [name, value] of Object.entries(connection)) {
    Object.defineProperty(socket, name, { value, configurable: true })
  }
}
