import { z } from 'zod'

/**
 * The schemas that the OpenAPI document shows as named components. A schema joins with
 * `.register(apiSchemas, { id: 'Registry' })`; schemas that contain it then refer to it by this name.
 */
export const apiSchemas = z.registry<{ readonly id: string }>()
