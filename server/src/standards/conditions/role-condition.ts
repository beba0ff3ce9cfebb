/** A role assignment condition, read and checked. [Azure RBAC, conditions format; acr-protocol §9.2] */
export type RoleCondition =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly RoleCondition[] }
  | { readonly kind: 'not'; readonly term: RoleCondition }
  | { readonly kind: 'action-matches' | 'sub-operation-matches'; readonly pattern: string }
  | { readonly kind: 'exists'; readonly attribute: ConditionAttribute }
  | ConditionComparison

/** `left [quantifier:]operator right`; the literals in it are already in the form in which the operator compares them. */
export type ConditionComparison = {
  readonly kind: 'comparison'
  readonly operator: ConditionOperator
  /** Without one, either side is a single value. */
  readonly quantifier: ConditionQuantifier | undefined
  readonly left: ConditionOperand
  readonly right: ConditionOperand
}

/** For whether one or all of the left side's values satisfy the comparison with one or all of the right side's. */
export type ConditionQuantifier = { readonly left: 'any' | 'all'; readonly right: 'any' | 'all' }

export type ConditionOperand =
  | { readonly kind: 'attribute'; readonly attribute: ConditionAttribute }
  | { readonly kind: 'values'; readonly values: readonly ConditionValue[] }

export type ConditionAttribute = {
  readonly source: 'Request' | 'Resource' | 'Principal' | 'Environment'
  /** As it is written; it is compared in any case. */
  readonly name: string
}

export type ConditionValue = string | number | boolean

/** What values an operator compares. */
export type ConditionFamily = 'string' | 'numeric' | 'bool' | 'datetime' | 'guid'

export type ConditionOperator = {
  /** In the spelling of Azure's documents. */
  readonly name: string
  readonly family: ConditionFamily
  readonly test: 'equals' | 'starts-with' | 'like' | 'less' | 'less-or-equal' | 'greater' | 'greater-or-equal'
  readonly negated: boolean
  readonly ignoresCase: boolean
}

/** The one attribute that a registry knows: the name of the repository that is asked for. [acr-protocol §9.2] */
export const repositoryNameAttribute = 'Microsoft.ContainerRegistry/registries/repositories:name'

/** Whether the attribute is the name of the repository; `@Request` and `@Resource` mean the same one. */
export function isRepositoryName({ source, name }: ConditionAttribute): boolean {
  return (source === 'Request' || source === 'Resource') && name.toLowerCase() === repositoryNameAttribute.toLowerCase()
}

const tests = ['equals', 'starts-with', 'like', 'less', 'less-or-equal', 'greater', 'greater-or-equal'] as const
const words: Readonly<Record<(typeof tests)[number], string>> = {
  equals: 'Equals',
  'starts-with': 'StartsWith',
  like: 'Like',
  less: 'LessThan',
  'less-or-equal': 'LessThanEquals',
  greater: 'GreaterThan',
  'greater-or-equal': 'GreaterThanEquals',
}
const orders = ['less', 'less-or-equal', 'greater', 'greater-or-equal'] as const

function named(
  prefix: string,
  family: ConditionFamily,
  test: ConditionOperator['test'],
  negated: boolean,
  ignoresCase = false,
): ConditionOperator {
  const name = `${prefix}${negated ? 'Not' : ''}${words[test]}${ignoresCase ? 'IgnoreCase' : ''}`
  return { name, family, test, negated, ignoresCase }
}

const eitherWay = [false, true] as const

/** Every operator, by its name in lower case: names are matched in any case, as Azure does. [azure-cli#14958] */
export const conditionOperators: ReadonlyMap<string, ConditionOperator> = new Map(
  [
    ...(['equals', 'starts-with', 'like'] as const).flatMap((test) =>
      eitherWay.flatMap((negated) => eitherWay.map((fold) => named('String', 'string', test, negated, fold))),
    ),
    ...eitherWay.map((negated) => named('Numeric', 'numeric', 'equals', negated)),
    ...orders.map((test) => named('Numeric', 'numeric', test, false)),
    ...eitherWay.map((negated) => named('DateTime', 'datetime', 'equals', negated)),
    ...orders.map((test) => named('DateTime', 'datetime', test, false)),
    ...eitherWay.map((negated) => named('Bool', 'bool', 'equals', negated)),
    ...eitherWay.map((negated) => named('Guid', 'guid', 'equals', negated)),
  ].map((operator) => [operator.name.toLowerCase(), operator]),
)

/** Every quantifier, by its name in lower case. */
export const conditionQuantifiers: ReadonlyMap<string, ConditionQuantifier> = new Map([
  ['foranyofanyvalues', { left: 'any', right: 'any' }],
  ['forallofanyvalues', { left: 'all', right: 'any' }],
  ['foranyofallvalues', { left: 'any', right: 'all' }],
  ['forallofallvalues', { left: 'all', right: 'all' }],
])

/**
 * The letters A to Z in lower case, and nothing else: the names of repositories have no others, and Unicode's rules would
 * make equal what Azure holds apart, as the Kelvin sign and `k`.
 */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
