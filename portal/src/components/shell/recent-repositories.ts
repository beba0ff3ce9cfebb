import type { QueryClient } from '@tanstack/react-query'
import { recentNames } from './recent-names.ts'

const maxRecent = 20

/** The repositories that the person opened last, as `registry/repository`. */
export const recentRepositories = recentNames('acrux-repositories', maxRecent)

/** The names of repositories of a registry that are here already: those that were opened last, and those of lists. */
export function loadedRepositories(client: QueryClient, registry: string, loginServer: string): readonly string[] {
  const prefix = `${registry}/`
  const recent = recentRepositories
    .read()
    .flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))
  const lists = client.getQueriesData({ queryKey: ['repositories', loginServer] })
  return [...recent, ...lists.flatMap(([, data]) => namesIn(data))]
}

/** The names in the pages of a list. */
export function namesIn(data: unknown): readonly string[] {
  const { pages = [] } = (data ?? {}) as { readonly pages?: readonly { readonly items?: readonly unknown[] }[] }
  return pages.flatMap(({ items = [] }) =>
    items.flatMap((item) => {
      const name: unknown = typeof item === 'object' && item !== null && 'name' in item ? item.name : item
      return typeof name === 'string' ? [name] : []
    }),
  )
}
