/** Names that were used last, the newest first. They are stored in this browser. */
export type RecentNames = {
  readonly read: () => readonly string[]
  readonly add: (name: string) => void
}

/** The names after a name was used. */
export function withRecent(names: readonly string[], name: string, maxNames: number): readonly string[] {
  return [name, ...names.filter((each) => each !== name)].slice(0, maxNames)
}

/** Reads a stored list. Anything else is an empty list. */
export function parseNames(stored: string | null): readonly string[] {
  try {
    const found: unknown = JSON.parse(stored ?? '[]')
    return Array.isArray(found) ? found.filter((name) => typeof name === 'string') : []
  } catch {
    return []
  }
}

/** Names that were used last, stored under a key. */
export function recentNames(key: string, maxNames: number): RecentNames {
  const read = () => parseNames(localStorage.getItem(key))
  return {
    read,
    add: (name) => localStorage.setItem(key, JSON.stringify(withRecent(read(), name, maxNames))),
  }
}
