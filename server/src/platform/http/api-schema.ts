import { z } from 'zod'
import type { DeepReadonly } from '../process/deep-readonly.ts'

/**
 * The schemas that the OpenAPI document shows as named components. To add a schema, call `.register(apiSchemas, { id:
 * 'Registry' })` on the schema. Other schemas that contain the schema then refer to it by this name.
 */
export const apiSchemas = z.registry<{ readonly id: string }>()

/** A read-only document that a schema describes. */
export type DocumentOf<Schema extends z.ZodType> = DeepReadonly<z.infer<Schema>>
