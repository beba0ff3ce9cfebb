import { z } from 'zod'
import { answerBatch, maxBatchRequests, parseBatchedUrl } from '../../platform/http/batch.ts'
import { apiSchemas } from '../../platform/http/api-schema.ts'
import type { GraphHandler } from './route.ts'

/** The requests of a batch. [Microsoft Graph, JSON batching] */
export const batchBody = z.strictObject({
  requests: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(128),
        method: z.literal('GET'),
        url: z.string().max(8192),
        headers: z.record(z.string(), z.string()).optional(),
      }),
    )
    .min(1)
    .max(maxBatchRequests)
    .refine((requests) => new Set(requests.map(({ id }) => id)).size === requests.length, {
      error: 'must have different ids',
    }),
})

export const batchSchema = z
  .strictObject({
    responses: z.array(
      z.strictObject({
        id: z.string(),
        status: z.int(),
        headers: z.record(z.string(), z.string()),
        body: z.unknown().optional(),
      }),
    ),
  })
  .register(apiSchemas, { id: 'graph.batch' })

const root = '/graph/v1.0'

/**
 * `POST /$batch`: several reads in one request. Each request is answered as if it were sent alone. Only GET is
 * supported, so that no
 * change is hidden in a batch. [Microsoft Graph, JSON batching]
 */
export const sendBatch: GraphHandler<typeof batchSchema, typeof batchBody> = async ({ publicOrigin }, call) => {
  const responses = await answerBatch(call, call.readBody().requests, async ({ id, url }, send) => {
    const path = parseBatchedUrl(`${root}/${url.replace(/^\//, '')}`, publicOrigin, [root])
    if (path === undefined) return { id, status: 404, headers: {}, body: notServed }
    const { status, headers, body } = await send(path)
    return { id, status, headers, ...(body !== undefined && { body }) }
  })
  return { responses }
}

const notServed = { error: { code: 'ResourceNotFound', message: 'Resource not found for the segment.' } }
