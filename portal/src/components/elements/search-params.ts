/* The search of addresses. Anyone can make a link, so it has only texts, and none that is longer than a field. */

/** The longest value: an import in the address has a repository and a tag. */
export const maxValueLength = 512

/** Reads a value of an address, which has at least one character. `undefined`: the view ignores the value. */
type ReadValue<Value extends string> = (text: string) => Value | undefined

/** Accepts a text that meets a condition. */
export const textThat =
  (isValid: (text: string) => boolean): ReadValue<string> =>
  (text) =>
    isValid(text) ? text : undefined

/** Accepts every text. */
export const anyText = textThat(() => true)

/** Accepts some names. */
export const oneOf =
  <const Name extends string>(...names: readonly Name[]): ReadValue<Name> =>
  (text) =>
    names.find((name) => name === text)

/** A function that reads the values of a view's address, each as it says, and ignores other values. */
export function searchOf<Readers extends Readonly<Record<string, ReadValue<string>>>>(readers: Readers) {
  type Search = { readonly [Name in keyof Readers]?: NonNullable<ReturnType<Readers[Name]>> }
  return (found: Readonly<Record<string, unknown>>): Search => {
    const values = Object.entries(readers).map(([name, read]) => {
      const text = found[name]
      return [name, typeof text === 'string' && text !== '' ? read(text) : undefined]
    })
    return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Search
  }
}

/** Accepts a text of a few words, such as the name of a column. */
const shortText = textThat((text) => text.length <= 200)

/**
 * The values of the address that a table reads: the order by one of these columns, which begins with `-` if it is descending, the
 * shown columns, and the row whose panel is open.
 */
export const tableValues = (...sorted: readonly string[]) => ({
  sort: textThat((text) => sorted.includes(text.replace(/^-/, ''))),
  columns: shortText,
  open: anyText,
})

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
