import { nextLink } from '../../standards/http/link-header.ts'
import { maxPageSize, parsePageSize } from '../../standards/oci/page.ts'
import { OciError } from '../surface/errors.ts'

/** How a list is ordered: by name in byte order, or by the time of the last update. */
export type ListOrder = 'name' | 'oldest-first' | 'newest-first'

/** The entry after which a page begins. The time counts in an order by time only. */
export type ListPosition = { readonly name: string; readonly atMs: number }

/** What a page of a list is to hold. */
export type ListPage = {
  readonly order: ListOrder
  readonly after: ListPosition | undefined
  readonly limit: number
}

/** A page that was asked for, by `n` and `last`. */
export type AskedPage = { readonly size: number; readonly last: string }

/**
 * Reads `n` and `last`. Without `n` a page has as many entries as a page may have.
 *
 * @throws OciError PAGINATION_NUMBER_INVALID
 */
export function requirePage(query: URLSearchParams): AskedPage {
  const asked = parsePageSize(query.get('n') ?? undefined)
  if (!asked.ok) throw new OciError('PAGINATION_NUMBER_INVALID', { detail: { n: query.get('n') } })
  // No name holds a NUL and PostgreSQL takes none; the names after the part before it are the same.
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
      throw new OciError('BAD_REQUEST', { message: 'orderby is none of timeasc, timedesc and none' })
  }
}

/**
 * The first `size` of the entries that were read, of which there is one more where another page follows, and the `Link`
 * to that page.
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

/** The `Link` that leads to the page after `last`, for a request with this URL. */
export function linkAfter(url: string, query: URLSearchParams, { size }: AskedPage, last: string): string {
  const queryAt = url.indexOf('?')
  return nextLink(queryAt === -1 ? url : url.slice(0, queryAt), {
    last,
    n: size,
    orderby: query.get('orderby') ?? undefined,
    digest: query.get('digest') ?? undefined,
    artifactType: query.get('artifactType') ?? undefined,
  })
}

/**
 * Where a page begins, as far as `last` says; undefined when nobody knows, and the list is at its end.
 *
 * @param find gives the time of an entry that is there
 */
export async function findStart(
  { last }: AskedPage,
  order: ListOrder,
  repositoryId: string,
  positions: PagePositions,
  find: (name: string) => Promise<number | undefined>,
): Promise<Pick<ListPage, 'after'> | undefined> {
  if (last === '') return { after: undefined }
  if (order === 'name') return { after: { name: last, atMs: 0 } }
  const atMs = positions.find(repositoryId, last) ?? (await find(last))
  return atMs === undefined ? undefined : { after: { name: last, atMs } }
}

/** How many positions are remembered. */
const rememberedPositions = 10_000

/**
 * Where the pages ended that were handed out in an order by time. `last` names an entry only, and a client that deletes
 * what it reads, as a purge does, comes back with the name of one that is gone.
 */
export class PagePositions {
  #positions = new Map<string, number>()

  remember(repositoryId: string, { name, atMs }: ListPosition): void {
    const key = `${repositoryId}/${name}`
    this.#positions.delete(key)
    this.#positions.set(key, atMs)
    if (this.#positions.size <= rememberedPositions) return
    const oldest = this.#positions.keys().next()
    if (oldest.done !== true) this.#positions.delete(oldest.value)
  }

  /** The time of the entry of this name that ended a page. */
  find(repositoryId: string, name: string): number | undefined {
    return this.#positions.get(`${repositoryId}/${name}`)
  }
}
