import type { ImageQuestion } from '../../api/images.ts'
import type { ListOrder } from '../../api/registry.ts'
import { anyText, oneOf, searchOf, tableValues } from '../../components/elements/search-params.ts'
import { parseSort } from '../../components/table/sort.ts'

/** The parts of the view of a repository. The images are the first. */
export const repositoryTabs = ['images', 'history', 'access', 'settings'] as const
export type RepositoryTab = (typeof repositoryTabs)[number]

/** The columns by which the server sorts images. */
const orders = ['pushed', 'name', 'size', 'pulled']

/** Reads the address of a repository. */
export const parseRepositorySearch = searchOf({
  ...tableValues(...orders),
  tab: oneOf('history', 'access', 'settings'),
  /** One row per tag, and not per image. */
  show: oneOf('tags'),
  filter: anyText,
  by: anyText,
  unused: oneOf('true'),
  unsigned: oneOf('true'),
  critical: oneOf('true'),
  /** The tag whose history is shown. */
  tag: anyText,
})

/** The values in the address of a repository. */
export type RepositorySearch = ReturnType<typeof parseRepositorySearch>

/** The usual order, as the address has it: the last push comes first. */
export const usualOrder = '-pushed'

const hourMs = 3_600_000
const unusedMs = 30 * 24 * hourMs

/** What the server is asked for. Times are of whole hours, so that the same question is not asked again and again. */
export function imageQuestion(
  { sort, filter, by, unused, unsigned, critical }: RepositorySearch,
  nowMs: number,
): ImageQuestion {
  const { column, direction } = parseSort(sort ?? usualOrder) ?? { column: 'pushed', direction: 'descending' }
  const since = new Date(Math.floor(nowMs / hourMs) * hourMs - unusedMs).toISOString()
  return {
    orderby: `${column} ${direction === 'ascending' ? 'asc' : 'desc'}`,
    ...(filter !== undefined && { filter }),
    ...(by !== undefined && { pushedBy: by }),
    ...(unused !== undefined && { notPulledSince: since }),
    ...(unsigned !== undefined && { unsigned }),
    ...(critical !== undefined && { critical }),
  }
}

/** The orders in which the server lists tags, as the address has them. */
const tagOrders: Readonly<Record<string, ListOrder>> = { '-pushed': 'newest', pushed: 'oldest', name: 'name' }

/** The order of the list of tags, as the address and as the server have it. Other orders of the address are ignored. */
export function tagOrder({ sort }: RepositorySearch): { readonly sort: string | undefined; readonly order: ListOrder } {
  const order = tagOrders[sort ?? usualOrder]
  return order === undefined ? { sort: undefined, order: 'newest' } : { sort, order }
}

/** Whether a filter of images is set. */
export const isFiltered = ({ filter, by, unused, unsigned, critical }: RepositorySearch): boolean =>
  [filter, by, unused, unsigned, critical].some((value) => value !== undefined)
