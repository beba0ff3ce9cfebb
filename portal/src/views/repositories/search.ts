/** What the address of the list of repositories says about it. */
export type RepositoriesSearch = {
  readonly filter?: string
  readonly sort?: 'reversed'
  readonly show?: 'tree'
}

/** Reads the address. What is not known is left out. */
export function parseRepositoriesSearch({ filter, sort, show }: Record<string, unknown>): RepositoriesSearch {
  return {
    ...(typeof filter === 'string' && filter !== '' && { filter }),
    ...(sort === 'reversed' && { sort }),
    ...(show === 'tree' && { show }),
  }
}
