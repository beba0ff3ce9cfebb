const tokenTabs = ['tokens', 'maps', 'anonymous'] as const

export type TokenTab = (typeof tokenTabs)[number]

/** The values in the address of the tokens. */
export type TokenSearch = { readonly tab?: TokenTab; readonly filter?: string }

/** Reads the search of an address. */
export function parseTokenSearch({ tab: wanted, filter }: Record<string, unknown>): TokenSearch {
  const tab = tokenTabs.find((each) => each === wanted)
  return {
    ...(tab !== undefined && { tab }),
    ...(typeof filter === 'string' && filter !== '' && { filter }),
  }
}
