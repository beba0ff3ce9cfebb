import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { chmod, rm } from 'node:fs/promises'
import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { requestListener } from './raw-surface.ts'
import { discardRest, endResponse } from './unread-body.ts'

/*
 * Requests from a thread that accepts connections to the main thread, over a Unix socket. A process that can open the
 * socket can also read the data directory, so the main thread trusts the addresses that it is sent.
 */

/** The header with the addresses of the client's connection. The value of a client is dropped. */
const connectionHeader = 'acrux-connection'

/** Larger than any header that a client may send. */
const maxHeaderSize = 64 * 1024

/** The headers of one connection, which are not forwarded. [RFC 9110 §7.6.1] */
const ofRequestConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'expect',
  connectionHeader,
])
/**
 * The headers of one connection and of a body that was read: the text of the body may have a different length than
 * its bytes.
 */
const ofReadRequest = new Set([...ofRequestConnection, 'content-length', 'transfer-encoding'])
const ofResponseConnection = new Set(['connection', 'keep-alive', 'transfer-encoding'])

/** Sends a whole request to the main thread, and its response to the client. `body` is the body, if it was read already. */
export type Forward = (request: IncomingMessage, response: ServerResponse, body?: string) => void

/** Creates the forwarding to the socket at `path`. */
export function createForwarder(path: string): Forward {
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 256 })
  return (request, response, body) => {
    const { method, url } = request
    const headers = forwardedHeaders(request, body)
    const forwarded = http.request({ agent, socketPath: path, method, path: url, headers })
    forwarded.on('response', (answer) => {
      if (answer.headers.connection === 'close') response.shouldKeepAlive = false
      const { statusCode = 502, statusMessage, rawHeaders } = answer
      response.writeHead(statusCode, statusMessage, withoutHeaders(rawHeaders, ofResponseConnection))
      answer.pipe(response, { end: false })
      answer.on('end', () => {
        request.unpipe(forwarded)
        if (!request.complete) forwarded.destroy()
        endResponse(request, response)
        discardRest(request)
      })
      answer.on('error', () => response.destroy())
    })
    // The main thread ends a connection deliberately, such as that of a client which is too slow.
    forwarded.on('error', () => {
      if (!response.headersSent) response.destroy()
    })
    response.on('close', () => {
      if (!response.writableFinished) forwarded.destroy()
    })
    request.on('error', () => forwarded.destroy())
    if (body === undefined) request.pipe(forwarded)
    else forwarded.end(body)
  }
}

function forwardedHeaders({ rawHeaders, headers, socket }: IncomingMessage, body: string | undefined): string[] {
  const kept = withoutHeaders(rawHeaders, body === undefined ? ofRequestConnection : ofReadRequest)
  const hasLength = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  // Node would add an empty body in chunks.
  if (body !== undefined || !hasLength) kept.push('content-length', String(Buffer.byteLength(body ?? '')))
  kept.push(connectionHeader, JSON.stringify(connectionOf(socket)), 'connection', 'keep-alive')
  return kept
}

function withoutHeaders(rawHeaders: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (!names.has(name.toLowerCase())) kept.push(name, rawHeaders[index + 1] ?? '')
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
