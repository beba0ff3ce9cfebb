/** The names of the members of an object, in the order of their code points, as Python sorts them. */
export function sortedKeys(value: object): string[] {
  return Object.keys(value).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** Whether a value is an object with members: neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
