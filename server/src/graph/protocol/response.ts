import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ResponseSchema } from '../../platform/http/surface.ts'

/** The result of a handler whose response has this schema: nothing if the response has no body. */
export type ResponseOf<Schema extends ResponseSchema> = Schema extends z.ZodType ? DocumentOf<Schema> : void

/** The schema of a complete list. */
export function listSchema<Item extends z.ZodType>(name: string, item: Item) {
  const list = z.strictObject({ value: z.array(item) })
  apiSchemas.add(list, { id: `graph.${name}` })
  return list
}

/** The schema of a list that is sent in pages. */
export function pageSchema<Item extends z.ZodType>(name: string, item: Item) {
  const nextLink = z.url().optional().describe('The URL of the next page. Absent on the last page.')
  const page = z.strictObject({ '@odata.nextLink': nextLink, value: z.array(item) })
  apiSchemas.add(page, { id: `graph.${name}` })
  return page
}
