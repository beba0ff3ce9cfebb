/* The search of addresses. Anyone can make a link, so it has only texts, and none that is longer than a field. */

/** The longest value: an import in the address has a repository and a tag. */
export const maxValueLength = 512

/** Reads the search of an address. The last value of a name counts. */
export function parseSearch(search: string): Record<string, string> {
  const values = [...new URLSearchParams(search)].filter(([, value]) => value !== '' && value.length <= maxValueLength)
  return Object.fromEntries(values)
}

/** Writes the search of an address. */
export function stringifySearch(values: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))
  const search = new URLSearchParams(texts).toString()
  return search === '' ? '' : `?${search}`
}
