function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The value at a path of keys and indexes; undefined if the path does not exist. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value
  for (const key of path) {
    if (!isObject(here) || !Object.hasOwn(here, key)) return undefined
    here = here[String(key)]
  }
  return here
}

function surprise(value: unknown, path: readonly (string | number)[], wanted: string): Error {
  return new Error(`no ${wanted} at ${path.join('.') || 'the top'} of ${JSON.stringify(value).slice(0, 600)}`)
}

/** The string at the end of the path; throws, with the document, where there is none. */
export function stringAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  if (typeof found !== 'string') throw surprise(value, path, 'string')
  return found
}

/** The array at the end of the path; throws, with the document, where there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path)
  if (!Array.isArray(found)) throw surprise(value, path, 'array')
  return found
}
