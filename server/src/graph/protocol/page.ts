import type { Condition, Page as DirectoryPage } from '../../directory/index.ts'
import { insufficientPrivileges } from './errors.ts'
import { type GraphCall, type GraphContext, visibleTo } from './context.ts'
import type { Filterable } from './filter.ts'
import { type ListQuery, nextPageUrl, parseListQuery } from './query.ts'

type PageRequest<Row, Item> = {
  /** The path of the list below `/graph/v1.0`. */
  readonly path: string
  readonly query: ListQuery<unknown>
  /** If there is one row more than fits on the page, there is a next page. */
  readonly rows: readonly Row[]
  readonly render: (rows: readonly Row[]) => Promise<readonly Item[]>
}

type Page<Item> = { readonly '@odata.nextLink'?: string; readonly value: readonly Item[] }

type VisibleList<By, Row, Item> = Pick<PageRequest<Row, Item>, 'path' | 'render'> & {
  readonly filterable: Filterable<By>
  readonly list: (page: DirectoryPage<Condition<By>>) => Promise<readonly Row[]>
}

/**
 * A page of a list of which callers may see only their own objects. A caller without objects in the list is denied,
 * because `az` interprets an empty list as "does not exist", and accepts an object id unverified after a denial.
 */
export async function visiblePage<By, Row extends { readonly objectId: string }, Item>(
  context: GraphContext,
  { request, caller }: Pick<GraphCall, 'request' | 'caller'>,
  { path, filterable, list, render }: VisibleList<By, Row, Item>,
): Promise<Page<Item>> {
  const query = parseListQuery(filterable, request.query)
  const { conditions, after, pageSize } = query
  const rows = await list({ conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 })
  if (rows.length === 0 && !caller.readsAll) throw insufficientPrivileges()
  return page(context, { path, query, rows, render })
}

/** A page of a list, which may be empty. */
export async function page<Row extends { readonly objectId: string }, Item>(
  { publicOrigin }: GraphContext,
  { path, query, rows, render }: PageRequest<Row, Item>,
): Promise<Page<Item>> {
  const shown = rows.slice(0, query.pageSize)
  const value = await render(shown)
  const last = shown.at(-1)
  if (rows.length <= query.pageSize || last === undefined) return { value }
  return { '@odata.nextLink': nextPageUrl(`${publicOrigin}/graph/v1.0/${path}`, query, last.objectId), value }
}
