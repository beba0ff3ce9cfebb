/** The path of a value in a document, such as `['registries', 0, 'name']`. */
export type SeedPath = readonly PropertyKey[]

/**
 * A seed cannot be applied. The message has one line for each problem, and the line contains the place: `seed.yaml:12:5: registries[0].sku
 * must be …`.
 */
export class SeedError extends Error {
  override readonly name = 'SeedError'
}

/** A path in a form that people write, such as `registries[0].name`. */
export function pathText(path: SeedPath): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}
