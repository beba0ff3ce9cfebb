import type { FastifyRequest } from 'fastify'
import { ArmError } from './errors.ts'

/** One term of a `$filter`; names are in lower case. */
export type FilterTerm =
  | { readonly form: 'equals' | 'at-least' | 'at-most'; readonly name: string; readonly value: string }
  | { readonly form: 'call'; readonly name: string; readonly value: string | undefined }

const maxFilterLength = 1024
const maxTerms = 8

const quotedText = (name: string) => String.raw`'(?<${name}>(?:[^']|'')*)'`

function pattern(value: string): RegExp {
  return new RegExp(
    String.raw`(?<compared>[A-Za-z]{1,32}) +(?<operator>eq|ge|le) +(?:${value})|(?<call>[A-Za-z]{1,32})\( *(?:${quotedText('argument')})? *\)`,
    'y',
  )
}

const termPattern = pattern(quotedText('value'))
const bareTermPattern = pattern(String.raw`${quotedText('value')}|(?<bare>[A-Za-z\d][\w.:-]{0,63})`)
const conjunction = / +and +/y

/**
 * Reads the `$filter` of a request: up to eight terms joined by `and`, and no term without a filter. Which
 * terms it accepts is decided by the list; no text of the filter reaches SQL.
 *
 * @param allowsBare whether a value without blanks needs no quotes, as in lists of Azure Monitor
 * @throws ArmError 400
 */
export function readFilter({ query }: FastifyRequest, allowsBare = false): readonly FilterTerm[] {
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
    const term = allowsBare ? bareTermPattern : termPattern
    term.lastIndex = at
    const read = toTerm(term.exec(text))
    if (read === undefined) throw unsupportedFilter()
    terms.push(read)
    at = term.lastIndex
  }
  return terms
}

/** The error for a filter that a list does not support. Ignoring it would show more than was requested. */
export function unsupportedFilter(): ArmError {
  return new ArmError('invalidFilter', 'The $filter in the query string is invalid, or is not supported by this list.')
}

/** Requires an `api-version`; `api-versions.ts` decides what it means. @throws ArmError 400 */
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
  const { compared, operator, value, bare, call, argument } = match?.groups ?? {}
  const unquote = (text: string | undefined) => text?.replaceAll("''", "'")
  if (compared !== undefined) {
    const form = operator === 'ge' ? 'at-least' : operator === 'le' ? 'at-most' : 'equals'
    return { form, name: compared.toLowerCase(), value: bare ?? unquote(value) ?? '' }
  }
  return call === undefined ? undefined : { form: 'call', name: call.toLowerCase(), value: unquote(argument) }
}
