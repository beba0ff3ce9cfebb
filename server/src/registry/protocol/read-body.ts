import { readBody } from '../../platform/http/read-body.ts'
import { requireStanding } from '../../platform/process/authorized-work.ts'
import type { RegistryCall } from './call.ts'

export { BodyTooLargeError, ClientGoneError } from '../../platform/http/read-body.ts'

/** Smaller bodies are processed at once, without waiting for the caller's turn. */
const smallBytes = 64 * 1024

/** The approximate processor time for receiving, copying and storing a body, in addition to the measured work. */
const costMsPerMebibyte = 20

/**
 * Reads a small body. The caller is authorized again if the authority revision moved meanwhile.
 *
 * @throws BodyTooLargeError, ClientGoneError and the denial of the caller
 */
export async function readAuthorizedBody(
  request: RegistryCall['request'],
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBody(request, limitBytes)
  await requireStanding()
  return bytes
}

/**
 * Reads a body within its caller's memory budget, and processes it in the caller's turn. The caller is authorized again if the
 * authority revision moved meanwhile.
 *
 * @throws BodyTooLargeError, ClientGoneError, OverBudgetError, the denial of the caller, and what `work` throws
 */
export async function withBody<Result>(
  { request, budget }: Pick<RegistryCall, 'request' | 'budget'>,
  limitBytes: number,
  work: (bytes: Uint8Array, inTurn: InTurn) => Promise<Result>,
): Promise<Result> {
  const { 'content-length': length } = request.headers
  const heldBytes = Math.min(limitBytes, Number(length ?? limitBytes))
  await budget.hold(heldBytes)
  try {
    const bytes = await readAuthorizedBody(request, limitBytes)
    budget.charge((bytes.byteLength / 1024 ** 2) * costMsPerMebibyte)
    if (bytes.byteLength <= smallBytes) return await work(bytes, atOnce)
    // Otherwise one transaction would wait for the work on other bodies.
    return await budget.oneAtATime('body', () => work(bytes, (piece) => budget.inTurn(piece)))
  } finally {
    budget.release(heldBytes)
  }
}

/** Does a piece of work that may occupy the main thread for milliseconds. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>

const atOnce: InTurn = (work) => work()
