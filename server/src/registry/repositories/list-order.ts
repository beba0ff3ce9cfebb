import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { nextLink } from '@acrux/shared/standards/http/link-header.ts'
import { maxPageSize, parsePageSize } from '@acrux/shared/standards/oci/page.ts'
import { OciError } from '../protocol/errors.ts'

/** The order of a list: by name in byte order, or by the time of the last update. */
export type ListOrder = 'name' | 'oldest-first' | 'newest-first'

/** The entry before a page. The time of the entry is used only in an order by time. */
export type ListPosition = { readonly name: string; readonly atMs: number }

/** A page to read from a list. */
export type ListPage = {
  readonly order: ListOrder
  readonly after: ListPosition | undefined
  readonly limit: number
}

/** A requested page, by `n` and `last`. */
export type AskedPage = { readonly size: number; readonly last: string }

/**
 * Reads `n` and `last`. The default of `n` is the maximum.
 *
 * @throws OciError PAGINATION_NUMBER_INVALID
 */
export function requirePage(query: URLSearchParams): AskedPage {
  const asked = parsePageSize(query.get('n') ?? undefined)
  if (!asked.ok) throw new OciError('PAGINATION_NUMBER_INVALID', { detail: { n: query.get('n') } })
  // PostgreSQL rejects a NUL. No name contains one, so the same names follow the part before it.
  const last = (query.get('last') ?? '').split('\0', 1)[0] ?? ''
  return { size: asked.size ?? maxPageSize, last }
}

/**
 * Reads `orderby`.
 *
 * @throws OciError BAD_REQUEST
 */
export function requireOrder(query: URLSearchParams): ListOrder {
  switch (query.get('orderby')?.toLowerCase() ?? '') {
    case '':
    case 'none':
      return 'name'
    case 'timeasc':
      return 'oldest-first'
    case 'timedesc':
      return 'newest-first'
    default:
      throw new OciError('BAD_REQUEST', { message: 'orderby must be timeasc, timedesc or none' })
  }
}

/**
 * The page of the entries, and the `Link` to the next page. Read one entry more than the page has, so that it is known
 * whether there is one.
 */
export function cutPage<Entry>(
  entries: readonly Entry[],
  { size }: AskedPage,
  link: (last: Entry) => string,
): { readonly page: readonly Entry[]; readonly headers: { readonly link?: string } } {
  const page = entries.slice(0, size)
  const last = page.at(-1)
  return { page, headers: entries.length > size && last !== undefined ? { link: link(last) } : {} }
}

/** The `Link` to the page after `last`, for a request with this URL. */
export function linkAfter(url: string, query: URLSearchParams, { size }: AskedPage, last: string): string {
  const queryAt = url.indexOf('?')
  return nextLink(queryAt === -1 ? url : url.slice(0, queryAt), {
    last,
    n: size,
    orderby: query.get('orderby') ?? undefined,
    digest: query.get('digest') ?? undefined,
    artifactType: query.get('artifactType') ?? undefined,
    expand: query.get('expand') ?? undefined,
  })
}

/** The entries of a list of a repository, for an order by time. */
export type ListedEntries = {
  readonly repositoryId: string
  readonly positions: PagePositions
  /** The time of an existing entry. */
  readonly findTime: (name: string) => Promise<number | undefined>
}

/** The start of the page after `last`; undefined if its entry is unknown, so that the page is empty. */
export async function findStart(
  { last }: AskedPage,
  order: ListOrder,
  { repositoryId, positions, findTime }: ListedEntries,
): Promise<Pick<ListPage, 'after'> | undefined> {
  if (last === '') return { after: undefined }
  if (order === 'name') return { after: { name: last, atMs: 0 } }
  const atMs = positions.get(repositoryId, last) ?? (await findTime(last))
  return atMs === undefined ? undefined : { after: { name: last, atMs } }
}

/** The maximum number of cached positions. */
const maxPositions = 10_000

/**
 * Caches the ends of pages in an order by time. `last` contains only a name, and a client that deletes what it lists,
 * such as a purge, sends the name of a deleted entry.
 */
export class PagePositions {
  readonly #positions = new LRUCache<string, number>(maxEntries(maxPositions))

  set(repositoryId: string, { name, atMs }: ListPosition): void {
    this.#positions.set(`${repositoryId}/${name}`, atMs)
  }

  /** The time of the last entry of a page, by its name. */
  get(repositoryId: string, name: string): number | undefined {
    return this.#positions.get(`${repositoryId}/${name}`)
  }
}
