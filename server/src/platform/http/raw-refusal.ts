import { type IncomingMessage, STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { newTimeOrderedId } from '../time-ordered-id.ts'
import { commonHeaders } from './app.ts'

/** Refuses a request that no surface gets to see, and ends the connection. */
export function refuseRaw(
  app: FastifyInstance,
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
): void {
  const body = bodyOf(message)
  response.shouldKeepAlive = false
  response.writeHead(status, [
    ...commonOf(app, request.socket, request.headers.host),
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
  ])
  response.end(body)
}

const refused = new WeakSet<Socket>()

/** How long the rest of a request that was refused is read. */
const lingerMs = 1000

/** What Node's parser cannot read, by the code of its error; all else is a 400. */
const refusals: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The header of the request is too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunks of the body have extensions that are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}

/**
 * Answers what could not be read as a request, with the headers that every answer has, and ends the connection. Nothing is
 * written into the middle of an answer that is on its way.
 */
export function refuseUnreadable(
  app: FastifyInstance,
  error: NodeJS.ErrnoException,
  socket: Socket,
  isAnswering: boolean,
): void {
  // The rest of what cannot be read fails once more.
  if (refused.has(socket)) return
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
    socket.destroy(error)
    return
  }
  const [status, message] = refusals[error.code ?? ''] ?? [400, 'The request could not be read.']
  const body = bodyOf(message)
  const common = commonOf(app, socket, undefined)
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`]
  for (let index = 0; index < common.length; index += 2) lines.push(`${common[index]}: ${common[index + 1]}`)
  lines.push('content-type: application/json; charset=utf-8', `content-length: ${Buffer.byteLength(body)}`)
  lines.push('connection: close', '', body)
  // A connection that is closed over unread bytes is reset, and the answer is lost on its way: they are read, for a moment.
  refused.add(socket)
  socket.resume()
  socket.end(lines.join('\r\n'))
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

/** The headers of every answer. Where no host could be read, the name that the client asked a certificate for is the same. */
function commonOf(app: FastifyInstance, socket: Socket, asked: string | undefined): string[] {
  const name = socket instanceof TLSSocket && typeof socket.servername === 'string' ? socket.servername : undefined
  const host = asked ?? name
  return commonHeaders(app, newTimeOrderedId(Date.now()), host === undefined ? {} : { host })
}

function bodyOf(message: string): string {
  return JSON.stringify({ error: { code: 'BadRequest', message } })
}
