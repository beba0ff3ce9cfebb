import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { GraphError } from './errors.ts'
import { type Filterable, parseFilter } from './filter.ts'
import type { Condition } from '../../directory/index.ts'

/** The parsed query of a list. */
export type ListQuery<By> = {
  readonly conditions: readonly Condition<By>[]
  readonly pageSize: number
  /** Only objects with a greater id; empty for the first page. */
  readonly after: string
  /** The options that the next page's URL repeats. */
  readonly repeated: Readonly<Record<string, string>>
}

const defaultPageSize = 100
const maxPageSize = 999

const listOptions = new Set(['$filter', '$top', '$skiptoken'])

/**
 * Parses the query of a list: `$filter`, `$top` and `$skiptoken`. Parameters without a dollar sign are ignored.
 *
 * @throws GraphError `Request_UnsupportedQuery` for every other option and for a repeated one
 */
export function parseListQuery<By>(filterable: Filterable<By>, query: unknown): ListQuery<By> {
  const options = readOptions(query, listOptions)
  const filter = options.get('$filter')
  const top = options.get('$top')
  const repeated: Record<string, string> = {}
  if (filter !== undefined) repeated['$filter'] = filter
  if (top !== undefined) repeated['$top'] = top
  return {
    conditions: filter === undefined ? [] : parseFilter(filterable, filter),
    pageSize: top === undefined ? defaultPageSize : parseTop(top),
    after: parseSkipToken(options.get('$skiptoken')),
    repeated,
  }
}

/** The `$filter` of a list that has no other option; undefined if it is absent. */
export function readFilterOption(query: unknown): string | undefined {
  return readOptions(query, new Set(['$filter'])).get('$filter')
}

/** Rejects every option, for routes that have none. */
export function rejectQueryOptions(query: unknown): void {
  readOptions(query, new Set())
}

/** The URL of the page that begins after `lastId`. */
export function nextPageUrl(listUrl: string, { repeated }: ListQuery<unknown>, lastId: string): string {
  const parameters = Object.entries({ ...repeated, $skiptoken: lastId })
  return `${listUrl}?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}

function readOptions(query: unknown, known: ReadonlySet<string>): Map<string, string> {
  const options = new Map<string, string>()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (!name.startsWith('$')) continue
    if (!known.has(name) || typeof value !== 'string') {
      throw new GraphError('unsupported', `Unsupported query option '${name.slice(0, 32)}'.`)
    }
    options.set(name, value)
  }
  return options
}

function parseTop(text: string): number {
  const size = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (size >= 1 && size <= maxPageSize) return size
  const message = `Invalid page size specified. Must be between 1 and ${maxPageSize} inclusive.`
  throw new GraphError('unsupported', message)
}

function parseSkipToken(text: string | undefined): string {
  if (text === undefined) return ''
  const after = parseGuid(text)
  if (after === undefined) throw new GraphError('unsupported', 'The skip token is invalid.')
  return after
}
