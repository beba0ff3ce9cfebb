import { type IncomingMessage, STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { newTimeOrderedId } from '../process/time-ordered-id.ts'
import { commonHeaders } from './app.ts'
import { discardRest, endResponse } from './unread-body.ts'

/** Rejects a request before it reaches a surface, and closes the connection. */
export function rejectRequest(
  app: FastifyInstance,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  status: number,
  message: string,
): void {
  const body = bodyOf(status, message)
  response.shouldKeepAlive = false
  response.writeHead(status, [
    ...commonOf(app, request.socket, request.headers.host),
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
  ])
  // A client that expects the status 100 has not sent its body.
  if (request.headers.expect !== undefined) response.end(body)
  else {
    endResponse(request, response, body)
    discardRest(request)
  }
}

const rejected = new WeakSet<Socket>()

/** The time for which the server reads the rest of a rejected request. */
const lingerMs = 1000

/** The responses to errors of Node's parser, by error code. Other errors cause a 400 response. */
const rejections: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The header of the request is too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunks of the body have extensions that are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}

/**
 * Responds to an unreadable request, with the common headers, and closes the connection. Sends no response if a
 * response is already being sent.
 */
export function rejectUnreadable(
  app: FastifyInstance,
  error: NodeJS.ErrnoException,
  socket: Socket,
  isAnswering: boolean,
): void {
  // The rest of an unreadable request causes another error, which is ignored.
  if (rejected.has(socket)) return
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
    socket.destroy(error)
    return
  }
  const [status, message] = rejections[error.code ?? ''] ?? [400, 'The request could not be read.']
  const body = bodyOf(status, message)
  const common = commonOf(app, socket, undefined)
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`]
  for (let index = 0; index < common.length; index += 2) lines.push(`${common[index]}: ${common[index + 1]}`)
  lines.push('content-type: application/json; charset=utf-8', `content-length: ${Buffer.byteLength(body)}`)
  lines.push('connection: close', '', body)
  // If the server closed the connection with unread bytes, the connection would be reset and the response would be
  // lost. The server therefore reads the rest for a short time.
  rejected.add(socket)
  socket.resume()
  socket.end(lines.join('\r\n'))
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

/** The common headers of the response. If the host could not be read, the server name of TLS is used instead. */
function commonOf(app: FastifyInstance, socket: Socket, asked: string | undefined): string[] {
  const name = socket instanceof TLSSocket && typeof socket.servername === 'string' ? socket.servername : undefined
  const host = asked ?? name
  return commonHeaders(app, newTimeOrderedId(Date.now()), host === undefined ? {} : { host })
}

function bodyOf(status: number, message: string): string {
  return JSON.stringify({ error: { code: status < 500 ? 'BadRequest' : 'BadGateway', message } })
}
