import type { ListOrder } from '../../api/registry.ts'

/** What the address of a repository says about its view. */
export type RepositorySearch = {
  readonly show?: 'manifests'
  readonly order?: Exclude<ListOrder, 'newest'>
  readonly filter?: string
}

/** Reads the address. What is not known is left out. */
export function parseRepositorySearch({ show, order, filter }: Record<string, unknown>): RepositorySearch {
  return {
    ...(show === 'manifests' && { show }),
    ...((order === 'oldest' || order === 'name') && { order }),
    ...(typeof filter === 'string' && filter !== '' && { filter }),
  }
}
