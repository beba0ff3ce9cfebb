/** A parsed role assignment condition. [Azure RBAC, conditions format; acr-protocol §9.2] */
export type RoleCondition =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly RoleCondition[] }
  | { readonly kind: 'not'; readonly term: RoleCondition }
  | { readonly kind: 'action-matches' | 'sub-operation-matches'; readonly pattern: string }
  | { readonly kind: 'exists'; readonly attribute: ConditionAttribute }
  | ConditionComparison

/** `left [quantifier:]operator right`, with literals in the operator's form. */
export type ConditionComparison = {
  readonly kind: 'comparison'
  readonly operator: ConditionOperator
  /** Without a quantifier, each side is a single value. */
  readonly quantifier: ConditionQuantifier | undefined
  readonly left: ConditionOperand
  readonly right: ConditionOperand
}

/** Whether any or all values of the left side must match any or all values of the right side. */
export type ConditionQuantifier = { readonly left: 'any' | 'all'; readonly right: 'any' | 'all' }

export type ConditionOperand =
  | { readonly kind: 'attribute'; readonly attribute: ConditionAttribute }
  | { readonly kind: 'values'; readonly values: readonly ConditionValue[] }

export type ConditionAttribute = {
  readonly source: 'Request' | 'Resource' | 'Principal' | 'Environment'
  /** As written. Names are compared in any case. */
  readonly name: string
}

export type ConditionValue = string | number | boolean

/** The type of the values that an operator compares. */
export type ConditionFamily = 'string' | 'numeric' | 'bool' | 'datetime' | 'guid'

export type ConditionOperator = {
  /** In the spelling of Azure's documentation. */
  readonly name: string
  readonly family: ConditionFamily
  readonly test: 'equals' | 'starts-with' | 'like' | 'less' | 'less-or-equal' | 'greater' | 'greater-or-equal'
  readonly negated: boolean
  readonly ignoresCase: boolean
}

/** The only attribute of a registry: the name of the requested repository. [acr-protocol §9.2] */
export const repositoryNameAttribute = 'Microsoft.ContainerRegistry/registries/repositories:name'

/** Whether the attribute is the name of the repository. `@Request` and `@Resource` mean the same. */
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

const prefixes: Readonly<Record<ConditionFamily, string>> = {
  string: 'String',
  numeric: 'Numeric',
  datetime: 'DateTime',
  bool: 'Bool',
  guid: 'Guid',
}

function named(
  family: ConditionFamily,
  test: ConditionOperator['test'],
  negated: boolean,
  ignoresCase = false,
): ConditionOperator {
  const name = `${prefixes[family]}${negated ? 'Not' : ''}${words[test]}${ignoresCase ? 'IgnoreCase' : ''}`
  return { name, family, test, negated, ignoresCase }
}

const eitherWay = [false, true] as const

/** Every operator, by its name in lower case: names are matched in any case, as Azure does. [azure-cli#14958] */
export const conditionOperators: ReadonlyMap<string, ConditionOperator> = new Map(
  [
    ...(['equals', 'starts-with', 'like'] as const).flatMap((test) =>
      eitherWay.flatMap((negated) => eitherWay.map((fold) => named('string', test, negated, fold))),
    ),
    ...eitherWay.map((negated) => named('numeric', 'equals', negated)),
    ...orders.map((test) => named('numeric', test, false)),
    ...eitherWay.map((negated) => named('datetime', 'equals', negated)),
    ...orders.map((test) => named('datetime', test, false)),
    ...eitherWay.map((negated) => named('bool', 'equals', negated)),
    ...eitherWay.map((negated) => named('guid', 'equals', negated)),
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
 * Converts only the letters A to Z to lower case: repository names have no others, and Unicode's rules would make characters
 * equal that Azure distinguishes, such as the Kelvin sign and `k`.
 */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
