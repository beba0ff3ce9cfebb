import { OciError } from '../protocol/errors.ts'
import { requirePage } from '../repositories/list-order.ts'
import { type RepositoryType, repositoryTypes } from './image-platforms.ts'

/** The columns by which the list of repositories can be ordered. */
const columns = ['name', 'pushed', 'size', 'pulls'] as const
export type RepositoryColumn = (typeof columns)[number]

/** The parameters of a request for a page of the list of repositories. */
export type RepositoryQuestion = {
  readonly size: number
  readonly order: { readonly column: RepositoryColumn; readonly isDescending: boolean }
  /** The last entry before the page. If the order is by name, the key is 0. */
  readonly after: { readonly name: string; readonly key: number } | undefined
  readonly filter: {
    /** A part of the repository name. */
    readonly text: string | undefined
    readonly pushedAfterMs: number | undefined
    readonly pushedBeforeMs: number | undefined
    readonly notPulledSinceMs: number | undefined
    /** The id of the principal that made the last push. */
    readonly pushedBy: string | undefined
    readonly type: RepositoryType | undefined
  }
}

const maxPage = 100

/** The parameters of the query that filter the list. */
export const filterNames = ['filter', 'pushedAfter', 'pushedBefore', 'notPulledSince', 'pushedBy', 'type'] as const

/**
 * Reads the parameters of a request. A caller that may not see the pushers may not filter by pusher.
 * @throws OciError BAD_REQUEST or PAGINATION_NUMBER_INVALID
 */
export function requireRepositoryQuestion(query: URLSearchParams, seesPushers: boolean): RepositoryQuestion {
  if (query.has('pushedBy') && !seesPushers) {
    throw new OciError('BAD_REQUEST', { message: 'pushedBy requires an authenticated caller' })
  }
  const { size, last } = requirePage(query)
  const order = requireOrder(query.get('orderby') ?? '')
  return {
    size: Math.min(size, maxPage),
    order,
    after: last === '' ? undefined : requirePosition(last, order.column),
    filter: {
      text: textOf(query, 'filter')?.toLowerCase(),
      pushedAfterMs: requireTime(query, 'pushedAfter'),
      pushedBeforeMs: requireTime(query, 'pushedBefore'),
      notPulledSinceMs: requireTime(query, 'notPulledSince'),
      pushedBy: textOf(query, 'pushedBy'),
      type: requireType(query),
    },
  }
}

function requireOrder(text: string): RepositoryQuestion['order'] {
  const [name = '', direction, ...more] = text === '' ? ['name'] : text.toLowerCase().split(' ')
  const column = columns.find((one) => one === name)
  if (column === undefined || more.length > 0 || ![undefined, 'asc', 'desc'].includes(direction)) {
    throw new OciError('BAD_REQUEST', {
      message: `orderby must be ${columns.join(', ')}, with asc or desc after a space`,
    })
  }
  return { column, isDescending: direction === undefined ? column !== 'name' : direction === 'desc' }
}

function requireType(query: URLSearchParams): RepositoryType | undefined {
  const text = query.get('type') || undefined
  const type = repositoryTypes.find((one) => one === text)
  if (text !== undefined && type === undefined) {
    throw new OciError('BAD_REQUEST', { message: `type must be ${repositoryTypes.join(', ')}` })
  }
  return type
}

/** PostgreSQL rejects a NUL character, and no name contains this character. */
function textOf(query: URLSearchParams, name: string): string | undefined {
  return query.get(name)?.replaceAll('\0', '\ufffd') || undefined
}

function requireTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const atMs = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(atMs)) {
    throw new OciError('BAD_REQUEST', { message: `${name} must be a time, such as 2026-01-31T12:00:00Z` })
  }
  return atMs
}

/** The position of an entry, in the format of the parameter `last`. The format is internal, and clients must not interpret it. */
export function positionText({ name, key }: { readonly name: string; readonly key: number }, column: RepositoryColumn) {
  return column === 'name' ? name : `${key},${name}`
}

function requirePosition(text: string, column: RepositoryColumn): { name: string; key: number } {
  if (column === 'name') return { name: text, key: 0 }
  const [, key, name] = /^(\d{1,16}),(.*)$/s.exec(text) ?? []
  if (key === undefined || name === undefined) {
    throw new OciError('BAD_REQUEST', {
      message: 'last must come from the Link of the previous page, in the same order',
    })
  }
  return { name, key: Number(key) }
}
