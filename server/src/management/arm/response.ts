import { z } from 'zod'
import { apiSchemas } from '../../platform/http/api-schema.ts'

/** A time in ISO 8601. */
export const timeText = z.string().meta({ format: 'date-time' })

/** Formats a time in ISO 8601. Returns null for undefined. */
export function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}

/** The tags of a resource. */
export const tagsRecord = z.record(z.string(), z.string())

/** The URL of the next page, if there is one. */
export const nextLink = z.url().optional()

/**
 * The schema of a list, named after its items: a `Registry` is in a `RegistryList`.
 * [Azure Resource Manager, paging]
 */
export function listOf<Item extends z.ZodType>(item: Item) {
  const id = apiSchemas.get(item)?.id
  if (id === undefined) throw new Error('the items of a list need a schema with a name')
  return z.strictObject({ value: z.array(item), nextLink }).register(apiSchemas, { id: `${id}List` })
}

/** A list of resources that no registry has here. */
export const emptyListResponse = z.strictObject({ value: z.array(z.never()) }).register(apiSchemas, { id: 'EmptyList' })

/** The body of 202: the operation has been started. */
export const acceptedResponse = z.null().register(apiSchemas, { id: 'AcceptedOperation' })

/** The result of an operation: null while it is running, then nothing. */
export const operationResultResponse = z.null().optional().register(apiSchemas, { id: 'OperationResult' })

/** The OpenAPI document; its specification describes the rest of it. [OpenAPI 3.1] */
export const openApiResponse = z.looseObject({ openapi: z.string() }).register(apiSchemas, { id: 'OpenApiDocument' })
