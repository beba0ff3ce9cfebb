import type { FastifyRequest } from 'fastify'
import { ArmError } from './errors.ts'

/** One term of a `$filter`; names are in lower case. */
export type FilterTerm =
  | { readonly form: 'equals' | 'at-least' | 'at-most'; readonly name: string; readonly value: string }
  | { readonly form: 'call'; readonly name: string; readonly value: string | undefined }

const maxFilterLength = 1024
const maxTerms = 8

const literal = String.raw`'((?:[^']|'')*)'`
const termPattern = new RegExp(
  String.raw`(?<compared>[A-Za-z]{1,32}) +(?<operator>eq|ge|le) +${literal}|(?<call>[A-Za-z]{1,32})\( *(?:${literal})? *\)`,
  'y',
)
const conjunction = / +and +/y

/**
 * Reads the `$filter` of a request: up to eight terms joined by `and`, and no term without a filter. Which
 * terms it accepts is decided by the list; no text of the filter reaches SQL.
 *
 * @throws ArmError 400
 */
export function readFilter({ query }: FastifyRequest): readonly FilterTerm[] {
  const text = parameter(query, '$filter')
  if (text === undefined) return []
  if (typeof text !== 'string' || text.length > maxFilterLength || /\p{Cc}/u.test(text)) throw unsupportedFilter()
  const terms: FilterTerm[] = []
  let at = text.length - text.trimStart().length
  const end = text.trimEnd().length
  while (at < end) {
    if (terms.length > 0) {
      conjunction.lastIndex = at
      if (conjunction.exec(text) === null || terms.length === maxTerms) throw unsupportedFilter()
      at = conjunction.lastIndex
    }
    termPattern.lastIndex = at
    const term = toTerm(termPattern.exec(text))
    if (term === undefined) throw unsupportedFilter()
    terms.push(term)
    at = termPattern.lastIndex
  }
  return terms
}

/** The error for a filter that a list does not support. Ignoring it would show more than was requested. */
export function unsupportedFilter(): ArmError {
  return new ArmError('invalidFilter', 'The $filter in the query string is invalid, or is not supported by this list.')
}

/** Requires an `api-version`; any value is accepted. @throws ArmError 400 */
export function requireApiVersion({ query }: FastifyRequest): void {
  const version = parameter(query, 'api-version')
  if (typeof version === 'string' ? version !== '' : Array.isArray(version)) return
  const message = 'The api-version query parameter (?api-version=) is required for all requests.'
  throw new ArmError('missingApiVersion', message)
}

/** A parameter of the query; its name is matched in any case, as ARM does. */
export function parameter(query: unknown, name: string): unknown {
  const found = Object.entries(query ?? {}).find(([key]) => key.toLowerCase() === name)
  return found?.[1]
}

function toTerm(match: RegExpExecArray | null): FilterTerm | undefined {
  const { compared, operator, call } = match?.groups ?? {}
  const unquote = (text: string | undefined) => text?.replaceAll("''", "'")
  if (compared !== undefined) {
    const form = operator === 'ge' ? 'at-least' : operator === 'le' ? 'at-most' : 'equals'
    return { form, name: compared.toLowerCase(), value: unquote(match?.[3]) ?? '' }
  }
  return call === undefined ? undefined : { form: 'call', name: call.toLowerCase(), value: unquote(match?.[5]) }
}
