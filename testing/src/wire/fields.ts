/** The text in a member of a JSON document, at the end of a path of names. @throws Error if the member does not exist */
export function textAt(document: unknown, ...path: readonly (string | number)[]): string {
  const found = path.reduce<unknown>(
    (value, name) => (value as Record<string | number, unknown> | undefined)?.[name],
    document,
  )
  if (typeof found !== 'string') throw new Error(`the response has no text at ${path.join('.')}`)
  return found
}

/** The list in a member of a JSON document. @throws Error if the member does not exist */
export function listAt(document: unknown, name: string): readonly unknown[] {
  const found = (document as Record<string, unknown> | undefined)?.[name]
  if (!Array.isArray(found)) throw new Error(`the response has no list at ${name}`)
  return found
}

/** The members whose value is not undefined. */
export function present<Value>(members: Readonly<Record<string, Value | undefined | null>>): Record<string, Value> {
  const entries = Object.entries(members).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, value] as const],
  )
  return Object.fromEntries(entries)
}
