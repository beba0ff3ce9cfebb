import type { ListOrder } from '../../api/registry.ts'

/** The values in the address of a repository. */
export type RepositorySearch = {
  readonly show?: 'manifests'
  readonly order?: Exclude<ListOrder, 'newest'>
  readonly filter?: string
}

/** Reads the address. Unknown values are ignored. */
export function parseRepositorySearch({ show, order, filter }: Record<string, unknown>): RepositorySearch {
  return {
    ...(show === 'manifests' && { show }),
    ...((order === 'oldest' || order === 'name') && { order }),
    ...(typeof filter === 'string' && filter !== '' && { filter }),
  }
}
