export const serverParts = ['overview', 'certificates', 'maintenance', 'configuration'] as const

export type ServerPart = (typeof serverParts)[number]

/** The part of the view that an address names. */
export type ServerSearch = { readonly part?: ServerPart }

/** Reads the search of an address. */
export function parseServerSearch({ part }: Record<string, unknown>): ServerSearch {
  const found = serverParts.find((name) => name === part)
  return found === undefined ? {} : { part: found }
}
