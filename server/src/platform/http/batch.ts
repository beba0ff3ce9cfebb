import type { FastifyRequest } from 'fastify'
import type { Origin } from './app.ts'

/** The maximum number of requests in a batch. [Microsoft Graph, JSON batching] */
export const maxBatchRequests = 20

/** A batch: its sender and its origin. */
export type Batch = { readonly request: FastifyRequest; readonly origin: Origin }

/** The answer to a request of a batch. `body` is undefined if there is none. */
export type BatchAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly sizeBytes: number
}

/**
 * The key of the budget of a batch. Its requests take from the budget of their sender; if the batch took from it too, it could wait
 * for itself.
 */
export const batchBudgetKey = (objectId: string): string => `batch of directory:${objectId}`

/** The headers of an answer that a batch shows. */
const shownHeaders = ['content-type', 'retry-after', 'x-ms-correlation-request-id', 'x-ms-request-id'] as const

/**
 * Answers a GET of a batch as if its sender had sent it alone: with the sender's credential, so that every check, limit and audit
 * event applies. `path` may have a query.
 */
export async function answerBatched({ request, origin }: Batch, path: string): Promise<BatchAnswer> {
  const { host, authorization } = request.headers
  const answer = await request.server.inject({
    method: 'GET',
    url: path,
    headers: {
      ...(host !== undefined && { host }),
      ...(authorization !== undefined && { authorization }),
      ...(origin.userAgent !== undefined && { 'user-agent': origin.userAgent }),
    },
    remoteAddress: origin.remoteAddress,
  })
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
 * The path and query of the URL of a batched request, if it is below one of these roots and of this server; otherwise undefined.
 * Dots in a path cannot leave its root.
 */
export function parseBatchedUrl(url: string, publicOrigin: string, roots: readonly string[]): string | undefined {
  const parsed = URL.parse(url, publicOrigin)
  if (parsed === null || parsed.origin !== publicOrigin) return undefined
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
