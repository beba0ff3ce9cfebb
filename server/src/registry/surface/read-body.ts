import type { IncomingMessage } from 'node:http'
import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import type { RegistryCall } from './call.ts'

/** A body is too large. Its rest has not been read. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

/** The client disconnected during its request. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/** Small bodies are not worth a turn of their own. */
const smallBytes = 64 * 1024

/** The approximate processor time for receiving, copying and storing a body, in addition to the measured work. */
const costMsPerMebibyte = 20

/**
 * Reads a body within its caller's memory budget, and processes it in the caller's turn.
 *
 * @throws BodyTooLargeError, ClientGoneError, OverBudgetError, and what `work` throws
 */
export async function withBody<Result>(
  { request, budget }: Pick<RegistryCall, 'request' | 'budget'>,
  limitBytes: number,
  work: (bytes: Uint8Array, inTurn: InTurn) => Promise<Result>,
): Promise<Result> {
  const { 'content-length': length } = request.headers
  const heldBytes = Math.min(limitBytes, Number(length ?? limitBytes))
  const waiting = budget.hold(heldBytes)
  if (waiting !== undefined) await waiting
  try {
    const bytes = await readBody(request, limitBytes)
    budget.charge((bytes.byteLength / 1024 ** 2) * costMsPerMebibyte)
    if (bytes.byteLength <= smallBytes) return await work(bytes, atOnce)
    return await oneAtATime(budget, () => work(bytes, (piece) => budget.inTurn(piece)))
  } finally {
    budget.release(heldBytes)
  }
}

const lastOf = new WeakMap<CallerBudget, Promise<unknown>>()

/** Processes the large bodies of a caller one at a time. Otherwise one transaction would wait for the work on other bodies. */
function oneAtATime<Result>(budget: CallerBudget, work: () => Promise<Result>): Promise<Result> {
  const last = lastOf.get(budget) ?? Promise.resolve()
  const result = last.then(work)
  lastOf.set(
    budget,
    result.catch(() => undefined),
  )
  return result
}

/** Does a piece of work that may occupy the main thread for milliseconds. */
export type InTurn = <Result>(work: () => Result) => Result | Promise<Result>

const atOnce: InTurn = (work) => work()

/**
 * Reads a body of at most `limitBytes` into memory of its own.
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
    // Not `for await`: leaving it early destroys the socket, and the client would never read the error.
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

function tooLarge(limitBytes: number): BodyTooLargeError {
  return new BodyTooLargeError(`the body is larger than ${limitBytes} bytes`)
}

/** In memory of its own: a slice of a shared buffer would move the whole buffer to another thread. */
function join(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.byteLength
  }
  return whole
}
