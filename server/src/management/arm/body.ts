import { z } from 'zod'
import { parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { isPlainDocument, isPlainLine, isPlainText } from '@acrux/shared/standards/http/plain-text.ts'
import type { ManagementCall } from './context.ts'
import { ArmError, unsupportedMediaType } from './errors.ts'

const maxDepth = 32

/**
 * Reads the body as JSON by the handler's schema. Properties that the schema does not name are ignored.
 *
 * @throws ArmError 415 for another media type, 400 for a body that is not JSON or does not match the schema
 */
export function readBody<Schema extends z.ZodType>(
  { request }: ManagementCall,
  { body: schema }: { readonly body: Schema },
): z.output<Schema> {
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json' && mediaType !== 'text/json') {
    throw new ArmError('notJson', unsupportedMediaType)
  }
  const value = request.body instanceof Uint8Array ? parseBoundedJson(request.body, maxDepth) : undefined
  if (value === undefined) {
    throw new ArmError('invalidContent', 'The request content was invalid and could not be deserialized.')
  }
  if (!isPlainDocument(value))
    throw new ArmError(
      'invalidContent',
      'The request content was invalid: strings must not contain control characters or bidirectional controls.',
    )
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') ?? ''
  const message = `The request content was invalid${where === '' ? '' : ` at '${where.slice(0, 128)}'`}: ${issue?.message ?? 'unexpected value'}.`
  throw new ArmError('invalidContent', message)
}

/** Makes a property optional; null has the same meaning as leaving it out. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined)
}

/** One of several words, in upper or lower case. The result is in the case of `words`. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return z
    .string()
    .meta({ enum: words })
    .transform((text, context): Word => {
      const word = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
      if (word !== undefined) return word
      context.issues.push({ code: 'custom', message: `must be one of ${words.join(', ')}`, input: text })
      return z.NEVER
    })
}

/** A location, which is only a label here. `West US` becomes `westus`. */
export const locationSchema = z
  .string()
  .regex(/^[A-Za-z0-9 -]{1,64}$/, { error: 'must be a location' })
  .transform((text) => text.toLowerCase().replaceAll(' ', ''))
  .refine((text) => text !== '', { error: 'must be a location' })

/** Tags, within Azure's limits. [Azure Resource Manager, tag limits] */
export const tagsSchema = z
  .record(
    z.string().regex(/^[^<>%&\\?/\p{Cc}]{1,512}$/u, { error: 'must be a tag name' }),
    z.string().max(256).refine(isPlainLine, { error: 'must be text without control characters' }),
  )
  .refine((tags) => Object.keys(tags).length <= 50, { error: 'must have at most 50 tags' })
  .refine((tags) => new Set(Object.keys(tags).map((name) => name.toLowerCase())).size === Object.keys(tags).length, {
    error: 'must not have tag names that differ only in case',
  })

/**
 * A text for people, on one line or several. The only control characters are tabs and line ends; PostgreSQL cannot store
 * NUL.
 */
export function proseOf(maxLength: number) {
  return z.string().max(maxLength).refine(isPlainText, { error: 'must be text without control characters' })
}
