import { z } from 'zod'
import { answerBatch, maxBatchRequests, parseBatchedUrl } from '../../platform/http/batch.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { readBody } from './body.ts'
import type { ArmContext, ManagementCall } from './context.ts'

type Context = Pick<ArmContext, 'publicOrigin'>

const maxUrlLength = 8192

const batchedRequest = z
  .object({
    httpMethod: z.literal('GET'),
    name: z.string().max(128).optional(),
    url: z.string().max(maxUrlLength).optional(),
    relativeUrl: z.string().max(maxUrlLength).optional(),
  })
  .refine(({ url, relativeUrl }) => (url === undefined) !== (relativeUrl === undefined), {
    error: 'must have either url or relativeUrl',
  })

const batchBody = z.object({ requests: z.array(batchedRequest).min(1).max(maxBatchRequests) })

const batchResponse = z
  .strictObject({
    responses: z.array(
      z.strictObject({
        name: z.string().optional(),
        httpStatusCode: z.int(),
        headers: z.record(z.string(), z.string()),
        content: z.unknown().optional(),
        contentLength: z.int(),
      }),
    ),
  })
  .register(apiSchemas, { id: 'BatchResponse' })

const roots = ['/subscriptions', '/providers', '/tenants']

/**
 * `POST /batch`: several reads in one request, in the form that the Azure portal uses. Each request is answered as if
 * it were sent alone.
 * Only GET is supported, so that no change is hidden in a batch.
 *
 * @throws ArmError 400 for another method, and for more than 20 requests
 */
export async function sendBatch(
  { publicOrigin }: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof batchResponse>> {
  const { requests } = readBody(call, sendBatch)
  const responses = await answerBatch(call, requests, async ({ name, url, relativeUrl = '' }, send) => {
    const path = parseBatchedUrl(url ?? relativeUrl, publicOrigin, roots)
    const named = name === undefined ? {} : { name }
    if (path === undefined) return { ...named, ...notServed }
    const { status, headers, body, sizeBytes } = await send(path)
    return {
      ...named,
      httpStatusCode: status,
      headers,
      ...(body !== undefined && { content: body }),
      contentLength: sizeBytes,
    }
  })
  return { responses }
}
sendBatch.body = batchBody
sendBatch.response = batchResponse

const notServed = {
  httpStatusCode: 404,
  headers: {},
  content: { error: { code: 'NotFound', message: 'There is no endpoint at this path.' } },
  contentLength: 0,
}
