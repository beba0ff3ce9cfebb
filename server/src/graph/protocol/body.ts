import { isName } from '@acrux/shared/standards/azure/object-name.ts'
import { isPlainDocument } from '@acrux/shared/standards/http/plain-text.ts'
import { z } from 'zod'
import { GraphError } from './errors.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { apiSchemas } from '../../platform/http/api-schema.ts'

/** A display name. */
export const name = z.string().refine(isName)

/** A GUID, ignoring case. */
export const guid = z.string().transform((text, context) => {
  const value = parseGuid(text)
  if (value !== undefined) return value
  context.addIssue('not a GUID')
  return z.NEVER
})

/**
 * Parses a body.
 *
 * @throws GraphError `Request_BadRequest`, naming the first property that is wrong.
 */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  if (!isPlainDocument(body))
    throw new GraphError('badRequest', 'A string in the body contains control characters or bidirectional controls.')
  const result = schema.safeParse(body ?? {})
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].map(String).join('/').slice(0, 64)
  if (unknown !== undefined)
    throw new GraphError('badRequest', `Invalid property '${path}': this request cannot set the property.`)
  if (path === '') throw new GraphError('badRequest', 'The request body must be a JSON object.')
  throw new GraphError('badRequest', `Invalid value specified for property '${path}'.`)
}

const referencePattern = /\/v1\.0\/(?:directoryObjects|users|groups|servicePrincipals)\/([0-9A-Fa-f-]{36})$/

/** The body of `POST …/$ref`. The URL only names the object; it is never fetched. */
export const referenceBody = z
  .strictObject({
    '@odata.id': z
      .url()
      .max(2048)
      .transform((text, context) => {
        const id = parseGuid(referencePattern.exec(text)?.[1] ?? '')
        if (id !== undefined) return id
        context.addIssue('not the URL of a directory object')
        return z.NEVER
      }),
  })
  .register(apiSchemas, { id: 'graph.reference' })
