/** Named views of a list: the search of an address by name. */
export type SavedViews = Readonly<Record<string, string>>

const maxViews = 50

/** Reads stored views. Text that was not stored by the portal has no views. */
export function parseViews(stored: string | null): SavedViews {
  try {
    const found: unknown = JSON.parse(stored ?? '{}')
    const entries = Object.entries(typeof found === 'object' && found !== null ? found : {})
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return {}
  }
}

/** Views with one more, or with another search for its name. */
export function withView(views: SavedViews, name: string, search: string): SavedViews {
  return Object.fromEntries(
    [...Object.entries(views).filter(([other]) => other !== name), [name, search]].slice(-maxViews),
  )
}

/** Views without one. */
export function withoutView(views: SavedViews, name: string): SavedViews {
  return Object.fromEntries(Object.entries(views).filter(([other]) => other !== name))
}
