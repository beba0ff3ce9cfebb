import type { RepositoryQuestion } from '../../api/repositories.ts'
import { anyText, oneOf, searchOf, tableValues } from '../../components/elements/search-params.ts'
import { parseSort } from '../../components/table/sort.ts'

/** The columns by which the server sorts. */
const orders = ['name', 'pushed', 'size', 'pulls']

/** Reads the address of the list of repositories. */
export const parseRepositoriesSearch = searchOf({
  ...tableValues(...orders),
  filter: anyText,
  show: oneOf('tree'),
  pushed: oneOf('day', 'week', 'month', 'older'),
  by: anyText,
  unused: oneOf('true'),
})

/** The values in the address of the list of repositories. */
export type RepositoriesSearch = ReturnType<typeof parseRepositoriesSearch>

/** The usual order, as the address has it: the last push comes first. */
export const usualOrder = '-pushed'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const pushedDays = { day: 1, week: 7, month: 30, older: 365 } as const
const unusedDays = 90

/** What the server is asked for. Times are of whole hours, so that the same question is not asked again and again. */
export function questionOf(search: RepositoriesSearch, nowMs: number): RepositoryQuestion {
  const { filter, pushed, by, unused, show } = search
  const ago = (days: number) => new Date(Math.floor(nowMs / hourMs) * hourMs - days * dayMs).toISOString()
  const sort = parseSort(search.sort ?? usualOrder)
  const order =
    show === 'tree' || sort === undefined
      ? 'name asc'
      : `${sort.column} ${sort.direction === 'ascending' ? 'asc' : 'desc'}`
  return {
    orderby: order,
    ...(filter !== undefined && { filter }),
    ...(pushed !== undefined && { [pushed === 'older' ? 'pushedBefore' : 'pushedAfter']: ago(pushedDays[pushed]) }),
    ...(by !== undefined && { pushedBy: by }),
    ...(unused !== undefined && { notPulledSince: ago(unusedDays) }),
  }
}
