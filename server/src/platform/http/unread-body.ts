import type { IncomingMessage, ServerResponse } from 'node:http'

/** The limits of discarding a body. */
const discardLimitBytes = 64 * 1024 * 1024
const discardMilliseconds = 30_000

/**
 * Ends a response, optionally with a body. The response ends at once, or after {@link discardRest} has read the rest of
 * the request. Node closes a connection without keep-alive when the response ends. Without the delay, a client that is
 * still sending would not receive the response. [RFC 9112 §9.6]
 */
export function endResponse(request: IncomingMessage, response: ServerResponse, body?: Uint8Array | string): void {
  if (request.complete || response.shouldKeepAlive) {
    response.end(body)
    return
  }
  if (body !== undefined) response.write(body)
  request.once('end', () => response.end())
  request.once('close', () => response.end())
}

const discarded = new WeakSet<IncomingMessage>()

/** Whether the rest of the body is being discarded. */
export function isDiscarded(request: IncomingMessage): boolean {
  return discarded.has(request)
}

/**
 * Reads and discards the rest of a body after its response, so that a client that is still sending receives the response
 * and can use the connection again. The rate is limited per address, see `body-rate.ts`. A client that sends too much or
 * for too long is disconnected.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.readableEnded || request.destroyed || discarded.has(request)) return
  discarded.add(request)
  let left = discardLimitBytes
  const cut = () => request.socket.destroy()
  const timer = setTimeout(cut, discardMilliseconds).unref()
  request.on('error', () => undefined)
  request.on('close', () => clearTimeout(timer))
  request.on('end', () => clearTimeout(timer))
  request.on('data', (piece: Uint8Array) => {
    left -= piece.byteLength
    if (left < 0) cut()
  })
  request.resume()
}
