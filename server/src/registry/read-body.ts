import type { IncomingMessage } from 'node:http'

/** A body is longer than it may be. The rest of it has not been read. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

/** The client went away in the middle of its request. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/** How much of a body that nobody wants is read so that the client can hear its answer, and for how long. */
const discardLimitBytes = 64 * 1024 * 1024
const discardMilliseconds = 30_000

/**
 * Reads a whole body into memory of its own, never more than `limitBytes` of it.
 *
 * @throws BodyTooLargeError as soon as it is known to be longer
 * @throws ClientGoneError when it ends before its end
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return Promise.reject(tooLarge(limitBytes))
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let sizeBytes = 0
    const stop = () => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
    }
    // Not `for await`: leaving that early destroys the socket, and the client would never read why.
    const onData = (piece: Uint8Array) => {
      sizeBytes += piece.byteLength
      if (sizeBytes <= limitBytes) {
        pieces.push(piece)
        return
      }
      stop()
      request.pause()
      reject(tooLarge(limitBytes))
    }
    const onEnd = () => {
      stop()
      resolve(join(pieces, sizeBytes))
    }
    const onGone = (cause?: unknown) => {
      stop()
      reject(new ClientGoneError('the client went away while it was sending', { cause }))
    }
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}

/**
 * Reads and forgets what is left of a body after its answer, so that the client, which may still be sending, gets to
 * read that answer and can use the connection again. A client that does not come to an end is cut off.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
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

function tooLarge(limitBytes: number): BodyTooLargeError {
  return new BodyTooLargeError(`the body is larger than ${limitBytes} bytes`)
}

/** In memory of its own: a piece of a shared buffer would take the whole of it along to another thread. */
function join(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.byteLength
  }
  return whole
}
