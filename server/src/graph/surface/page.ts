import { insufficientPrivileges } from './errors.ts'
import type { GraphContext, GraphCaller } from './context.ts'
import { type ListQuery, nextPageUrl } from './query.ts'

type PageRequest<Row, Item> = {
  /** The path of the list below `/graph/v1.0`. */
  readonly path: string
  readonly query: ListQuery<unknown>
  /** One row more than the page has means that there is a next page. */
  readonly rows: readonly Row[]
  readonly render: (rows: readonly Row[]) => Promise<readonly Item[]>
}

type Page<Item> = { readonly '@odata.nextLink'?: string; readonly value: readonly Item[] }

/**
 * A page of a list of which callers may see only their own objects. Such a caller is denied if the list has none of them,
 * because `az` interprets an empty list as "does not exist", and accepts an object id unverified after a denial.
 */
export async function visiblePage<Row extends { readonly objectId: string }, Item>(
  context: GraphContext,
  caller: GraphCaller,
  request: PageRequest<Row, Item>,
): Promise<Page<Item>> {
  if (request.rows.length === 0 && !caller.readsAll) throw insufficientPrivileges()
  return page(context, request)
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
