import { type RepositoryPattern, covers } from './repository-pattern.ts'

/** The repositories that an alternative of a condition allows, and the actions of the role that it does not allow. */
export type NamedRepositories = {
  readonly kind: 'repositories'
  readonly patterns: readonly RepositoryPattern[]
  /** Such as `content/write`, sorted. */
  readonly excluded: readonly string[]
}

/** One of the alternatives of a condition, which `OR` separates. Other text is kept as it is. */
export type Alternative = NamedRepositories | { readonly kind: 'other'; readonly text: string }

const prefix = 'Microsoft.ContainerRegistry/registries/repositories'
const attribute = `@Request[${prefix}:name]`

/**
 * Parses the condition of a role with these data actions, such as `content/read`. Conditions in the forms of this command, of
 * the documents and of Azure's portal are understood; null allows all repositories. [acr-protocol §9.2]
 */
export function parseRepositoryCondition(
  condition: string | null,
  roleActions: readonly string[],
): readonly Alternative[] {
  if (condition === null) return [{ kind: 'repositories', patterns: [{ kind: 'all' }], excluded: [] }]
  let alternatives: readonly Alternative[] = []
  for (const text of split(condition, 'OR')) {
    const terms = split(text, 'AND')
    const excluded = terms.map(excludedAction)
    if (roleActions.length > 0 && roleActions.every((action) => excluded.includes(action))) continue
    const others = terms.filter((_, index) => excluded[index] === undefined)
    const patterns = others.length === 0 ? [{ kind: 'all' } as const] : patternsOf(others)
    const actions = excluded.filter((each) => each !== undefined)
    if (patterns === undefined) alternatives = [...alternatives, { kind: 'other', text: withoutBrackets(text) ?? text }]
    else alternatives = withRepositories(alternatives, patterns, actions)
  }
  return alternatives
}

/** The text of a condition. Null if it allows all that the role allows. */
export function conditionText(alternatives: readonly Alternative[]): string | null {
  const texts = alternatives.map((each) => (each.kind === 'other' ? each.text : textOf(each)))
  if (texts.includes('')) return null
  return texts.length === 1 ? (texts[0] ?? '') : texts.map((text) => `(${text})`).join(' OR ')
}

/** Adds repositories to a condition. */
export function withRepositories(
  alternatives: readonly Alternative[],
  patterns: readonly RepositoryPattern[],
  excluded: readonly string[],
): readonly Alternative[] {
  const wanted = excluded.toSorted()
  const isSame = (each: Alternative): each is NamedRepositories =>
    each.kind === 'repositories' && each.excluded.join() === wanted.join()
  if (!alternatives.some(isSame)) return [...alternatives, { kind: 'repositories', patterns, excluded: wanted }]
  return alternatives.map((each) => (isSame(each) ? { ...each, patterns: [...each.patterns, ...patterns] } : each))
}

/** Removes the repositories of a pattern from a condition. */
export function withoutRepositories(
  alternatives: readonly Alternative[],
  pattern: RepositoryPattern,
): readonly Alternative[] {
  return alternatives.flatMap((each): Alternative[] => {
    if (each.kind === 'other') return [each]
    const patterns = each.patterns.filter((one) => !covers(pattern, one))
    return patterns.length === 0 ? [] : [{ ...each, patterns }]
  })
}

/** The repositories on which a condition allows an action of the role. */
export function patternsAllowing(alternatives: readonly Alternative[], action: string): RepositoryPattern[] {
  return alternatives.flatMap((each) =>
    each.kind === 'repositories' && !each.excluded.includes(action) ? each.patterns : [],
  )
}

function textOf({ patterns, excluded }: NamedRepositories): string {
  const guards = excluded.map((action) => `!(ActionMatches{'${prefix}/${action}'})`)
  if (patterns.some(({ kind }) => kind === 'all')) return guards.join(' AND ')
  const textsOf = (kind: 'name' | 'prefix') => [
    ...new Set(patterns.flatMap((each) => (each.kind === kind ? [each.text] : []))),
  ]
  const terms = [...equality(textsOf('name')), ...textsOf('prefix').map(beginning)]
  const selected = terms.join(' OR ')
  return guards.length === 0 ? selected : [...guards, terms.length === 1 ? selected : `(${selected})`].join(' AND ')
}

function equality(names: readonly string[]): string[] {
  const literals = names.map((value) => `'${value}'`)
  if (literals.length === 0) return []
  if (literals.length === 1) return [`${attribute} StringEqualsIgnoreCase ${literals.join('')}`]
  return [`${attribute} ForAnyOfAnyValues:StringEqualsIgnoreCase {${literals.join(', ')}}`]
}

/** Azure documents lists of values for `StringEquals`, and none for `StringStartsWith`. */
function beginning(path: string): string {
  return `${attribute} StringStartsWithIgnoreCase '${path}'`
}

/** `content/write` of `!(ActionMatches{'…/content/write'})`. */
function excludedAction(term: string): string | undefined {
  const [, action] =
    /^(?:!|NOT\b)\s*\(?\s*ActionMatches\s*\{\s*'Microsoft\.ContainerRegistry\/registries\/repositories\/([a-z]+\/[a-z]+)'\s*\}\s*\)?$/i.exec(
      term,
    ) ?? []
  return action?.toLowerCase()
}

/** The repositories of terms that AND separates. Undefined if they are not one list of repositories. */
function patternsOf(terms: readonly string[]): RepositoryPattern[] | undefined {
  const [term = ''] = terms
  if (terms.length !== 1) return undefined
  const lists = split(term, 'OR').map(patternsOfComparison)
  return lists.includes(undefined) ? undefined : lists.flatMap((each) => each ?? [])
}

const nameComparison =
  /^@(?:Request|Resource)\[Microsoft\.ContainerRegistry\/registries\/repositories:name\]\s+(?:ForAnyOfAnyValues\s*:\s*)?String(Equals|StartsWith)(IgnoreCase)?\s+(?:'([^']*)'|\{\s*('[^']*'(?:\s*,\s*'[^']*')*)\s*\})$/i

function patternsOfComparison(term: string): RepositoryPattern[] | undefined {
  const [, operator, ignoresCase, one, many = ''] = nameComparison.exec(term) ?? []
  if (operator === undefined) return undefined
  const values = one === undefined ? [...many.matchAll(/'([^']*)'/g)].map(([, value = '']) => value) : [one]
  if (ignoresCase === undefined && values.some((value) => value !== value.toLowerCase())) return undefined
  const kind = operator.toLowerCase() === 'equals' ? 'name' : 'prefix'
  return values.map((text) => ({ kind, text: text.toLowerCase() }))
}

const tokens = /'[^']*'|\|\||&&|[A-Za-z0-9]+|./gs

/** The parts of a condition between the operators that are within no brackets. Brackets around all of it are removed. */
function split(text: string, operator: 'OR' | 'AND'): string[] {
  const parts = ['']
  let depth = 0
  for (const [token] of text.matchAll(tokens)) {
    if (/^[({[]$/.test(token)) depth += 1
    if (/^[)}\]]$/.test(token)) depth -= 1
    const isOperator = token.toUpperCase() === operator || token === (operator === 'OR' ? '||' : '&&')
    if (depth === 0 && isOperator) parts.push('')
    else parts.push(`${parts.pop() ?? ''}${token}`)
  }
  const [only = ''] = parts
  const inner = parts.length === 1 ? withoutBrackets(only.trim()) : undefined
  return inner === undefined ? parts.map((part) => part.trim()) : split(inner, operator)
}

/** The text within brackets that surround all of it. Undefined if there are none. */
function withoutBrackets(text: string): string | undefined {
  if (!text.startsWith('(')) return undefined
  let depth = 0
  let at = 0
  for (const [token] of text.matchAll(tokens)) {
    if (token === '(') depth += 1
    if (token === ')') depth -= 1
    at += token.length
    if (depth === 0) return at === text.length ? text.slice(1, -1) : undefined
  }
  return undefined
}
