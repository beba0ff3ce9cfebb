import * as fc from 'fast-check'

/*
 * Random conditions and a plain second reading of what they mean. Nothing of the server is imported here: what its parser
 * and evaluation say is compared with this, which is written from Azure's description alone, without regard to speed.
 * [Azure RBAC, conditions format]
 */

/** The meaning of a condition, before it is formatted as text. */
export type ConditionTree =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly ConditionTree[] }
  | { readonly kind: 'not'; readonly term: ConditionTree }
  | { readonly kind: 'action'; readonly pattern: string }
  | { readonly kind: 'suboperation' }
  | { readonly kind: 'exists'; readonly source: Source }
  | Comparison

type Source = 'name' | 'name-of-resource' | 'unknown' | 'principal'
type Comparison = {
  readonly kind: 'compare'
  /** Undefined if literals are compared with literals. */
  readonly source: Source | undefined
  readonly lefts: readonly string[]
  readonly test: 'Equals' | 'StartsWith' | 'Like'
  readonly negated: boolean
  readonly ignoresCase: boolean
  readonly quantifier: (typeof quantifiers)[number] | undefined
  readonly rights: readonly string[]
}

const quantifiers = ['ForAnyOfAnyValues', 'ForAllOfAnyValues', 'ForAnyOfAllValues', 'ForAllOfAllValues'] as const

export const testDataActions = [
  'Microsoft.ContainerRegistry/registries/repositories/content/read',
  'Microsoft.ContainerRegistry/registries/repositories/content/write',
  'Microsoft.ContainerRegistry/registries/repositories/content/delete',
  'Microsoft.ContainerRegistry/registries/repositories/metadata/read',
  'Microsoft.ContainerRegistry/registries/repositories/metadata/write',
  'Microsoft.ContainerRegistry/registries/repositories/metadata/delete',
  'Microsoft.ContainerRegistry/registries/catalog/read',
] as const

/** Few and similar, so that random conditions are met about as often as not. */
export const testRepositories = [
  'a',
  'ab',
  'b',
  'team/app',
  'team/api',
  'team',
  'team-infra/app',
  'hello-world',
] as const

const sourceText: Readonly<Record<Source, string>> = {
  name: '@Request[Microsoft.ContainerRegistry/registries/repositories:name]',
  'name-of-resource': '@Resource[microsoft.containerregistry/registries/repositories:Name]',
  unknown: '@Request[Microsoft.Storage/storageAccounts/blobServices/containers:name]',
  principal: '@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project]',
}

/** Whether every attribute of the condition is the repository's name. */
export function asksForNameAlone(tree: ConditionTree): boolean {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return tree.terms.every(asksForNameAlone)
    case 'not':
      return asksForNameAlone(tree.term)
    case 'exists':
    case 'compare':
      return tree.source === undefined || tree.source === 'name' || tree.source === 'name-of-resource'
    case 'action':
    case 'suboperation':
      return true
  }
}

const words = fc.constantFrom(...testRepositories, 'team/', 'TEAM/app', 'Hello-World', 'A', 'te', '', 'app')
const patterns = fc.oneof(
  words,
  fc.constantFrom(
    '*',
    'team/*',
    'Team/*',
    '*app',
    'te?m/ap?',
    '?',
    '*-*',
    'team*/app',
    '*a*',
    '**',
    'team/\\*',
    'a\\?',
  ),
)

const compare: fc.Arbitrary<Comparison> = fc
  .record({
    source: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom<Source>('name', 'name-of-resource') },
      { weight: 1, arbitrary: fc.constantFrom<Source | undefined>('unknown', 'principal', undefined) },
    ),
    lefts: fc.array(words, { minLength: 1, maxLength: 3 }),
    test: fc.constantFrom('Equals' as const, 'StartsWith' as const, 'Like' as const),
    negated: fc.boolean(),
    ignoresCase: fc.boolean(),
    quantifier: fc.option(fc.constantFrom(...quantifiers), { nil: undefined }),
    words: fc.array(words, { minLength: 1, maxLength: 3 }),
    patterns: fc.array(patterns, { minLength: 1, maxLength: 3 }),
  })
  .map(({ words, patterns, lefts, ...rest }) => {
    const rights = rest.test === 'Like' ? patterns : words
    const few = (values: readonly string[]) => (rest.quantifier === undefined ? values.slice(0, 1) : values)
    return { kind: 'compare', ...rest, lefts: few(lefts), rights: few(rights) }
  })

const leaf: fc.Arbitrary<ConditionTree> = fc.oneof(
  { weight: 6, arbitrary: compare },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...testDataActions, 'Microsoft.ContainerRegistry/registries/*/READ', '*', '*/content/*')
      .map((pattern): ConditionTree => ({ kind: 'action', pattern })),
  },
  { weight: 1, arbitrary: fc.constant<ConditionTree>({ kind: 'suboperation' }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Source>('name', 'name-of-resource', 'unknown', 'principal')
      .map((source): ConditionTree => ({ kind: 'exists', source })),
  },
)

/** Conditions of every form, small enough to be met or not by the names above. */
export const conditionTrees: fc.Arbitrary<ConditionTree> = fc.letrec<{ tree: ConditionTree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      terms: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), term: tie('tree') }),
  ),
})).tree

/** The text of a condition, with no bracket that precedence makes needless; `style` chooses among the spellings. */
export function conditionText(tree: ConditionTree, style = 0): string {
  return render(tree, style, 0)
}

function render(tree: ConditionTree, style: number, binding: number): string {
  const pick = <Spelling>(...spellings: readonly [Spelling, ...Spelling[]]): Spelling =>
    spellings[style % spellings.length] ?? spellings[0]
  switch (tree.kind) {
    case 'and':
    case 'or': {
      const own = tree.kind === 'or' ? 1 : 2
      const joint = tree.kind === 'or' ? pick(' OR ', '||', '\n or ') : pick(' AND ', '&&', '\n and\t')
      const text = tree.terms.map((term) => render(term, style, own + 1)).join(joint)
      return own < binding ? `(${text})` : text
    }
    case 'not':
      return `${pick('NOT ', '!', '! ')}${render(tree.term, style, 3)}`
    case 'action':
      return pick(`ActionMatches{'${tree.pattern}'}`, `actionMatches { '${tree.pattern}' }`)
    case 'suboperation':
      return "SubOperationMatches{'Blob.List'}"
    case 'exists':
      return `Exists ${sourceText[tree.source]}`
    case 'compare': {
      const { source, lefts, test, negated, ignoresCase, quantifier, rights } = tree
      const name = `String${negated ? 'Not' : ''}${test}${ignoresCase ? 'IgnoreCase' : ''}`
      const operator = `${quantifier === undefined ? '' : `${quantifier}:`}${name}`
      const left = source === undefined ? list(lefts) : sourceText[source]
      return `${left} ${pick(operator, operator.toLowerCase())} ${list(rights)}`
    }
  }
}

function list(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`)
  return quoted.length === 1 ? quoted.join('') : `{${quoted.join(', ')}}`
}

/** The value of a condition by the simple second implementation. */
export type Truth = 'true' | 'false' | 'unknown'

/** The plain second reading. `repository` is undefined for an action that concerns none. */
export function plainTruth(tree: ConditionTree, action: string, repository: string | undefined): Truth {
  switch (tree.kind) {
    case 'not':
      return opposite(plainTruth(tree.term, action, repository))
    case 'and': {
      const truths = tree.terms.map((term) => plainTruth(term, action, repository))
      if (truths.includes('false')) return 'false'
      return truths.includes('unknown') ? 'unknown' : 'true'
    }
    case 'or': {
      const truths = tree.terms.map((term) => plainTruth(term, action, repository))
      if (truths.includes('true')) return 'true'
      return truths.includes('unknown') ? 'unknown' : 'false'
    }
    case 'action':
      return String(plainActionMatch(tree.pattern, action)) as Truth
    case 'suboperation':
      return 'false'
    case 'exists':
      return tree.source === 'unknown' || tree.source === 'principal'
        ? 'unknown'
        : (String(repository !== undefined) as Truth)
    case 'compare':
      return plainComparison(tree, repository)
  }
}

/** Whether an action matches a pattern of a role or a condition. */
export function plainActionMatch(pattern: string, action: string): boolean {
  return new RegExp(`^${pattern.split('*').map(escape).join('.*')}$`, 'i').test(action)
}

function plainComparison(comparison: Comparison, repository: string | undefined): Truth {
  const { source, lefts, test, negated, ignoresCase, quantifier, rights } = comparison
  if (source === 'unknown' || source === 'principal') return 'unknown'
  if (source !== undefined && repository === undefined) return 'unknown'
  const values = source === undefined ? lefts : [repository ?? '']
  const holds = (left: string, right: string): boolean => {
    const flags = ignoresCase ? 'is' : 's'
    const body = test === 'Like' ? likeBody(right) : escape(right)
    const found = new RegExp(`^${body}${test === 'StartsWith' ? '' : '$'}`, flags).test(left)
    return found !== negated
  }
  const [first = '', second = ''] =
    /^For(Any|All)Of(Any|All)Values$/.exec(quantifier ?? 'ForAnyOfAnyValues')?.slice(1) ?? []
  const outcomes = values.map((left) => {
    const inner = rights.map((right) => holds(left, right))
    return second === 'All' ? !inner.includes(false) : inner.includes(true)
  })
  return String(first === 'All' ? !outcomes.includes(false) : outcomes.includes(true)) as Truth
}

function likeBody(pattern: string): string {
  return pattern.replace(/\\[*?]|[\s\S]/g, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    return escape(part.length === 2 ? part.slice(1) : part)
  })
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}

function opposite(truth: Truth): Truth {
  if (truth === 'unknown') return truth
  return truth === 'true' ? 'false' : 'true'
}
