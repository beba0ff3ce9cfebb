/** Repositories: one, those whose names begin with a text, or all. */
export type RepositoryPattern =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'all' }

/** The name of a repository. [distribution-spec, pulling manifests] */
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

const maxLength = 255

/** Parses `team/app`, `team/*` or `*`. */
export function parseRepositoryPattern(text: string): RepositoryPattern | undefined {
  if (text === '*') return { kind: 'all' }
  const isPrefix = text.endsWith('/*')
  const name = isPrefix ? text.slice(0, -2) : text
  if (name.length > maxLength || !namePattern.test(name)) return undefined
  return isPrefix ? { kind: 'prefix', text: `${name}/` } : { kind: 'name', text: name }
}

/** The pattern as {@link parseRepositoryPattern} and scope maps have it. */
export function patternText(pattern: RepositoryPattern): string {
  switch (pattern.kind) {
    case 'name':
      return pattern.text
    case 'prefix':
      return `${pattern.text}*`
    case 'all':
      return '*'
  }
}

/** The pattern in a sentence. */
export function patternPhrase(pattern: RepositoryPattern): string {
  return pattern.kind === 'all' ? 'all repositories' : patternText(pattern)
}

/** The pattern of a scope map. Undefined if it allows nothing. */
export function patternOfScopeMap(text: string): RepositoryPattern | undefined {
  if (text === '*') return { kind: 'all' }
  if (text.endsWith('/*')) return { kind: 'prefix', text: text.slice(0, -1) }
  return text.includes('*') ? undefined : { kind: 'name', text }
}

/** Whether a pattern includes all repositories of another pattern. */
export function covers(wide: RepositoryPattern, narrow: RepositoryPattern): boolean {
  switch (wide.kind) {
    case 'all':
      return true
    case 'prefix':
      return narrow.kind !== 'all' && narrow.text.startsWith(wide.text)
    case 'name':
      return narrow.kind === 'name' && narrow.text === wide.text
  }
}

/** Whether two patterns have repositories in common. */
export function overlaps(one: RepositoryPattern, other: RepositoryPattern): boolean {
  return covers(one, other) || covers(other, one)
}

/** An example of a repository that the pattern includes; for a path, a made-up name. */
export function exampleOf(pattern: RepositoryPattern): string {
  switch (pattern.kind) {
    case 'name':
      return pattern.text
    case 'prefix':
      return `${pattern.text}acrux-example`
    case 'all':
      return 'acrux-example'
  }
}
