import type { FlagDescription } from '../../framework/command/command.ts'
import { choiceFlag, numberFlag } from '../../framework/options/flags.ts'
import { allItems } from '../http/follow-pages.ts'
import { type Access, askDataPlane, documentIn } from './data-plane.ts'

/** Limits and sorts a list. */
export type PageFlags = { readonly top?: number; readonly orderby?: 'time_asc' | 'time_desc' }

/** The option that limits a list. */
export const topFlag = numberFlag('--top <number>', 'the maximum number of items')

/** Describes {@link PageFlags}. */
export const pageFlags: readonly FlagDescription[] = [
  topFlag,
  choiceFlag('--orderby <order>', ['time_asc', 'time_desc'], 'the order of the items. Default: by name'),
]

const pageSize = 100

/** A list of the data plane: its path, and the member of each response that is the list. */
type ListPath = { readonly path: string; readonly member: string }

/** Gets the pages of a list of the data plane, up to `top` items. */
export function listPages(
  access: Access,
  list: ListPath,
  { top, orderby }: PageFlags = {},
): Promise<readonly unknown[]> {
  const query = { n: String(pageSize), ...(orderby !== undefined && { orderby: orderby.replace('_', '') }) }
  return listAll(access, list, query, top)
}

/** Gets the pages of a list that begins with a query, up to `top` items. */
export async function listAll(
  access: Access,
  { path, member }: ListPath,
  query: Readonly<Record<string, string>>,
  top?: number,
): Promise<readonly unknown[]> {
  let wanted = top ?? Infinity
  return allItems(new URLSearchParams(query).toString(), async (link) => {
    const size = Math.min(wanted, pageSize)
    const sent = Object.fromEntries(new URLSearchParams(link))
    if (top !== undefined) sent['n'] = String(size)
    const response = await askDataPlane(access, { method: 'GET', path, query: sent })
    const items = documentIn(response, member)
    wanted -= size
    return {
      items: Array.isArray(items) ? (items as unknown[]) : [],
      next: wanted <= 0 ? undefined : nextQuery(response.headers['link']),
    }
  })
}

/** The query of the link to the next page. Its host and path are ignored. */
function nextQuery(link: string | string[] | undefined): string | undefined {
  const [, target] = /<([^>]*)>/.exec(String(link ?? '')) ?? []
  return target === undefined ? undefined : new URL(target, 'https://localhost').searchParams.toString()
}
