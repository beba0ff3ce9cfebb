/** The fields of a form, each with all its values in order. */
export type Form = Map<string, string[]>

const maxFields = 100

/**
 * Parses an `application/x-www-form-urlencoded` body. Only an unescaped `+` is a space, so passwords stay intact. [WHATWG URL §5.1]
 *
 * Undefined for a malformed body: a percent sign without two hex digits, bytes that are not UTF-8, or more than 100 fields.
 */
export function parseForm(body: string): Form | undefined {
  const form: Form = new Map()
  const pairs = body.split('&', maxFields + 1)
  if (pairs.length > maxFields) return undefined
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    const values = form.get(name)
    if (values === undefined) form.set(name, [value])
    else values.push(value)
  }
  return form
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
