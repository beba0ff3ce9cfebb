import type { FastifyRequest } from 'fastify'
import { ArmError } from './errors.ts'
import { parameter } from './query.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The maximum number of items of one page. */
export const maxPageSize = 1000

type List = { readonly value: readonly { readonly id: string }[] }

/**
 * The page of a list that `$top` and `$skiptoken` select, with the `nextLink` to the next page. A list of more than one
 * page is ordered by id, so that a resource that is created or deleted between two pages does not move others to
 * another page. [Azure Resource Manager, paging]
 *
 * @throws ArmError 400
 */
export function pageOf(publicOrigin: PublicOrigin, request: FastifyRequest, answer: unknown): unknown {
  if (!isList(answer)) return answer
  const size = readPageSize(request, maxPageSize)
  const after = readSkipToken(request)
  const { value } = answer
  if (after === '' && value.length <= size) return answer
  const ordered = value
    .map((item) => ({ item, key: item.id.toLowerCase() }))
    .filter(({ key }) => key > after)
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
  const page = ordered.slice(0, size)
  const last = page.at(-1)
  const paged = { ...answer, value: page.map(({ item }) => item) }
  if (last === undefined || ordered.length <= size) return paged
  return { ...paged, nextLink: nextLink(publicOrigin, request, skipToken(last.key)) }
}

/** Reads `$top`. @throws ArmError 400 */
export function readPageSize({ query }: FastifyRequest, whenAbsent: number): number {
  const text = parameter(query, '$top')
  if (text === undefined) return whenAbsent
  const size = typeof text === 'string' && /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (size >= 1 && size <= maxPageSize) return size
  throw new ArmError('badRequest', `The $top in the query string must be a whole number from 1 to ${maxPageSize}.`)
}

/** The error for a `$skiptoken` that this list did not return. */
export function badSkipToken(): ArmError {
  return new ArmError('badRequest', 'The $skiptoken in the query string is invalid.')
}

/** The same request with the token of the next page. */
export function nextLink(publicOrigin: PublicOrigin, { url, query }: FastifyRequest, next: string): string {
  const parameters = new URLSearchParams()
  for (const name of ['api-version', '$filter', '$top', 'action', 'repository', 'mode']) {
    const value = parameter(query, name)
    if (typeof value === 'string') parameters.set(name, value)
  }
  parameters.set('$skiptoken', next)
  return `${publicOrigin}${url.split('?')[0] ?? ''}?${parameters.toString()}`
}

/** The `$skiptoken` that begins a page after a key, which begins with a slash. */
export function skipToken(key: string): string {
  return Buffer.from(key).toString('base64url')
}

/** Reads `$skiptoken`: the key after which the page begins, or nothing. @throws ArmError 400 */
export function readSkipToken({ query }: FastifyRequest): string {
  const text = parameter(query, '$skiptoken')
  if (text === undefined) return ''
  if (typeof text !== 'string' || !/^[\w-]{1,4096}$/.test(text)) throw badSkipToken()
  const key = Buffer.from(text, 'base64url').toString()
  if (!key.startsWith('/')) throw badSkipToken()
  return key
}

/** Whether it is a list of resources, whose items all have ids. Other lists are short, and are not paged. */
function isList(answer: unknown): answer is List {
  if (typeof answer !== 'object' || answer === null || !('value' in answer) || !Array.isArray(answer.value))
    return false
  return answer.value.every((item: unknown) => typeof item === 'object' && item !== null && 'id' in item)
}
