import type { FastifyRequest } from 'fastify'
import type { CallerBudget } from '../limits/caller-budget.ts'
import { withoutCaller } from '../process/authorized-work.ts'
import type { Origin } from './app.ts'
import type { BudgetKey } from './surface.ts'
import type { PublicOrigin } from './requested-origin.ts'

/** The maximum number of requests in a batch. [Microsoft Graph, JSON batching] */
export const maxBatchRequests = 20

/** The maximum size of all answers of a batch, which are in memory at the same time. */
const maxBatchBytes = 4 * 1024 * 1024

/** The approximate time that a request of a batch uses on the main thread, in addition to the cost of its route. */
const batchedCostMs = 1

/** A batch: its sender, its origin and its budget. */
export type Batch = { readonly request: FastifyRequest; readonly origin: Origin; readonly budget: CallerBudget }

/** The answer to a request of a batch. `body` is undefined if the answer has no body. */
export type BatchAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly sizeBytes: number
}

/**
 * The key of the budget of a directory principal. A batch has a separate budget, because the requests of the batch use
 * the budget of their sender. If the batch used the same budget, the batch could wait for itself.
 */
export function budgetKeyOf(objectId: string, isBatch: boolean): BudgetKey {
  const party = `directory:${objectId}`
  return { key: isBatch ? `batch of ${party}` : party, party }
}

/** The headers of an answer that the response to a batch contains. */
const shownHeaders = ['content-type', 'retry-after', 'x-ms-correlation-request-id', 'x-ms-request-id'] as const

/**
 * Answers the requests of a batch, one after the other, so that only one answer at a time is in memory both as bytes
 * and as text. Each caller can run one batch at a time. When the answers exceed {@link maxBatchBytes}, the remaining
 * requests get the status 413.
 *
 * @param answer answers one request. This function gets the function `send`, which sends a `GET` request to a path of
 * this server, with or without a query
 */
export async function answerBatch<Request, Answer>(
  batch: Batch,
  requests: readonly Request[],
  answer: (request: Request, send: (path: string) => Promise<BatchAnswer>) => Promise<Answer>,
): Promise<Answer[]> {
  return batch.budget.oneAtATime('batch', async () => {
    let bytes = 0
    const send = async (path: string) => {
      await batch.budget.pace(batchedCostMs)
      // Without this turn, all requests of a batch would run without a request of another caller between them.
      await batch.budget.nextTurn()
      const found = bytes > maxBatchBytes ? tooLarge : await answerBatched(batch, path)
      bytes += found.sizeBytes
      return bytes > maxBatchBytes ? tooLarge : found
    }
    const answers: Answer[] = []
    for (const request of requests) answers.push(await answer(request, send))
    return answers
  })
}

const tooLarge: BatchAnswer = {
  status: 413,
  headers: {},
  body: {
    error: {
      code: 'ResponseTooLarge',
      message: 'The responses of the batch are too large in total. Send this request alone.',
    },
  },
  sizeBytes: 0,
}

/**
 * Answers a request of a batch as if the sender had sent the request alone. The request has the sender's credential, so
 * that every check, limit and audit event applies.
 */
async function answerBatched({ request, origin }: Batch, path: string): Promise<BatchAnswer> {
  const { host, authorization } = request.headers
  const sent = {
    method: 'GET',
    url: path,
    headers: {
      ...(host !== undefined && { host }),
      ...(authorization !== undefined && { authorization }),
      ...(origin.userAgent !== undefined && { 'user-agent': origin.userAgent }),
    },
    remoteAddress: origin.remoteAddress,
  } as const
  const answer = await withoutCaller(async () => request.server.inject(sent))
  const headers = shownHeaders.flatMap((name) => {
    const value = answer.headers[name]
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  return {
    status: answer.statusCode,
    headers: Object.fromEntries(headers),
    body: parseJson(answer.body),
    sizeBytes: answer.rawPayload.byteLength,
  }
}

/**
 * Returns the path and query of the URL of a batched request. Returns undefined if the URL is not of this server, or is
 * not below one of the roots. Dots in a path cannot leave its root.
 */
export function parseBatchedUrl(url: string, publicOrigin: PublicOrigin, roots: readonly string[]): string | undefined {
  const origin = String(publicOrigin)
  const parsed = URL.parse(url, origin)
  if (parsed === null || parsed.origin !== origin) return undefined
  const { pathname, search } = parsed
  const isBelow = roots.some((root) => pathname === root || pathname.startsWith(`${root}/`))
  return isBelow ? pathname + search : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
