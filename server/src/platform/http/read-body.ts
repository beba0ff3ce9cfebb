import type { IncomingMessage } from 'node:http'

/** A body is larger than allowed. The rest of the body has not been read. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

/** The client disconnected during its request. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/**
 * Reads a body into its own memory, up to `limitBytes`. If the body is too large, the caller can still answer: the
 * connection stays open, and the rest of the body remains unread.
 *
 * @throws BodyTooLargeError as soon as the body exceeds the limit
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
    // The code does not use `for await`, because leaving the loop early destroys the socket. The client would then not
    // receive the response.
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

/** Copies the pieces into new memory. A piece of a shared buffer would transfer the whole buffer to another thread. */
function join(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.byteLength
  }
  return whole
}
