import type { z } from 'zod'
import { isJsonObject, ownValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { bulkSchema, maxOperations } from '../protocol/documents.ts'
import { OciError } from '../protocol/errors.ts'

/** One operation of a request. The names in the operation are checked when the operation is performed. */
export type Operation = z.infer<typeof bulkSchema>['operations'][number]

/** The maximum length of a request: 500 operations with the longest names. */
export const maxBulkBytes = 512 * 1024

const maxDepth = 5

/**
 * Reads the operations of a request.
 *
 * @throws OciError BAD_REQUEST
 */
export function requireOperations(bytes: Uint8Array): readonly Operation[] {
  const body = parseBoundedJson(bytes, maxDepth)
  if (!isJsonObject(body)) throw new OciError('BAD_REQUEST', { message: 'the body is not a JSON object' })
  const operations = ownValue(body, 'operations')
  // The number of operations is checked first, because the schema would check each operation.
  if (Array.isArray(operations) && operations.length > maxOperations) throw tooMany(operations.length)
  const parsed = bulkSchema.safeParse(body)
  if (parsed.success) return parsed.data.operations
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') ?? ''
  throw new OciError('BAD_REQUEST', {
    message: place === '' ? (issue?.message ?? 'the body is invalid') : `${place}: ${issue?.message}`,
  })
}

function tooMany(count: number): OciError {
  const message = `a request can have ${maxOperations} operations, and this request has ${count}: send several requests`
  return new OciError('BAD_REQUEST', { message, detail: { maximum: maxOperations } })
}
