/** The values in the address of the list of repositories. */
export type RepositoriesSearch = {
  readonly filter?: string
  readonly sort?: 'reversed'
  readonly show?: 'tree'
}

/** Reads the address. Unknown values are ignored. */
export function parseRepositoriesSearch({ filter, sort, show }: Record<string, unknown>): RepositoriesSearch {
  return {
    ...(typeof filter === 'string' && filter !== '' && { filter }),
    ...(sort === 'reversed' && { sort }),
    ...(show === 'tree' && { show }),
  }
}
