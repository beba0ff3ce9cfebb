import { z } from 'zod'
import type { DeepReadonly } from '../process/deep-readonly.ts'

/**
 * The schemas that the OpenAPI document shows as named components. A schema joins with
 * `.register(apiSchemas, { id: 'Registry' })`; schemas that contain it then refer to it by this name.
 */
export const apiSchemas = z.registry<{ readonly id: string }>()

/** A document that a schema describes, read-only. */
export type DocumentOf<Schema extends z.ZodType> = DeepReadonly<z.infer<Schema>>
