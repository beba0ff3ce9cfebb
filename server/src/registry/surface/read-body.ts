import type { CallerBudget } from '../../platform/limits/caller-budget.ts'
import { readBody } from '../../platform/http/read-body.ts'
import type { RegistryCall } from './call.ts'

export { BodyTooLargeError, ClientGoneError, readBody } from '../../platform/http/read-body.ts'

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
