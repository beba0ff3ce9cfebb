import type { IncomingMessage } from 'node:http'

/** A body is larger than allowed. The rest of it has not been read. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

/** The client disconnected during its request. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/**
 * Reads a body into memory of its own, at most `limitBytes` of it. The caller can still answer when the body is too large:
 * the connection stays open, and the rest of the body unread.
 *
 * @throws BodyTooLargeError as soon as it is known to be larger
 * @throws ClientGoneError if the client disconnects
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return Promise.reject(tooLarge(limitBytes))
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let sizeBytes = 0
    const stop = () => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
    }
    // Not `for await`: leaving the loop early destroys the socket, and the client would not receive the response.
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
      reject(new ClientGoneError('the client disconnected during its request', { cause }))
    }
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}

function tooLarge(limitBytes: number): BodyTooLargeError {
  return new BodyTooLargeError(`the body is larger than ${limitBytes} bytes`)
}

/** In memory of its own: a piece of a shared buffer would move the whole buffer to another thread. */
function join(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.byteLength
  }
  return whole
}
