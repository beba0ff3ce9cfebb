import type { Socket } from 'node:net'

/** The first byte of every TLS connection, which begins a record of the handshake. [RFC 8446 §5.1] */
const handshakeRecord = 0x16
const letterA = 0x41
const letterZ = 0x5a

/** The time for which the server reads the rest of a plain HTTP request, so that the client receives the response. */
const lingerMs = 1000

const message = 'This port speaks HTTPS. Use https:// instead of http://.'
const body = JSON.stringify({ error: { code: 'BadRequest', message }, errors: [{ code: 'BAD_REQUEST', message }] })
const answer = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: application/json; charset=utf-8',
  `Content-Length: ${Buffer.byteLength(body)}`,
  'X-Content-Type-Options: nosniff',
  'Connection: close',
  '',
  body,
].join('\r\n')

/**
 * Checks the first byte of a connection to a TLS port. If the connection uses TLS, calls `begin`, and the connection
 * still contains all its bytes. If the connection uses plain HTTP, sends a 400 response that names the right scheme. If
 * no byte arrives within `timeoutMs`, closes the connection.
 */
export function expectTls(socket: Socket, timeoutMs: number, begin: () => Promise<void>): void {
  const patience = setTimeout(() => socket.destroy(), timeoutMs).unref()
  const onEnd = () => socket.destroy()
  socket.on('error', () => socket.destroy()).once('end', onEnd)
  socket.once('close', () => clearTimeout(patience))
  const onReadable = () => {
    const first: unknown = socket.read()
    if (!(first instanceof Uint8Array)) return
    clearTimeout(patience)
    socket.off('readable', onReadable).off('end', onEnd)
    if (isPlainHttp(first)) {
      rejectPlainHttp(socket)
      return
    }
    socket.unshift(first)
    // The error listener stays, because the connection may be reset while it waits for its turn. TLS has no error
    // listener yet during this time.
    void begin()
  }
  socket.on('readable', onReadable)
}

/**
 * A request line begins with a capital letter. If the first byte is another byte, TLS accepts or rejects the
 * connection.
 */
function isPlainHttp([first = handshakeRecord]: Uint8Array): boolean {
  return first >= letterA && first <= letterZ
}

function rejectPlainHttp(socket: Socket): void {
  setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.resume()
  socket.end(answer)
}
