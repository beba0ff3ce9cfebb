import { insufficientPrivileges } from './errors.ts'
import type { GraphContext, GraphCaller } from './context.ts'
import { type ListQuery, nextPageUrl } from './query.ts'

/**
 * The answer to a list. `rows` may hold one more than the page, which tells that there is another.
 *
 * Who does not read all sees their own objects. When a list has none of them it is refused, not empty: `az`
 * reads an empty list as "does not exist", and a refusal as a reason to take an object id as it was given.
 */
export async function listPage<Row extends { readonly objectId: string }>(
  context: GraphContext,
  caller: GraphCaller,
  path: string,
  query: ListQuery<unknown>,
  rows: readonly Row[],
  render: (rows: readonly Row[]) => unknown[] | Promise<unknown[]>,
): Promise<unknown> {
  if (rows.length === 0 && !caller.readsAll) throw insufficientPrivileges()
  return idPage(context, path, query, rows, ({ objectId }) => objectId, render)
}

/** The answer to a list that may be empty. */
export async function idPage<Row>(
  { publicOrigin }: GraphContext,
  path: string,
  query: ListQuery<unknown>,
  rows: readonly Row[],
  idOf: (row: Row) => string,
  render: (rows: readonly Row[]) => unknown[] | Promise<unknown[]>,
): Promise<unknown> {
  const shown = rows.slice(0, query.pageSize)
  const value = await render(shown)
  const last = shown.at(-1)
  if (rows.length <= query.pageSize || last === undefined) return { value }
  return { '@odata.nextLink': nextPageUrl(`${publicOrigin}/graph/v1.0/${path}`, query, idOf(last)), value }
}
