/*
 * What a condition of a role assignment means, by the text that Azure publishes, as a second implementation without
 * regard to speed. The server's parser and evaluation are compared with it, in the server's own tests and over sockets.
 * Nothing of the server is imported here. The name of a section of Azure's page "Azure role assignment condition format
 * and syntax" stands in brackets beside each rule.
 */

/** The meaning of a condition, before it is written as text. */
export type ConditionTree =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly ConditionTree[] }
  | { readonly kind: 'not'; readonly term: ConditionTree }
  | { readonly kind: 'action' | 'suboperation'; readonly pattern: string }
  | { readonly kind: 'exists'; readonly attribute: AttributeKey }
  | Comparison

/** `left [quantifier:]operator right`. */
export type Comparison = {
  readonly kind: 'compare'
  readonly left: Side
  readonly right: Side
  readonly family: Family
  readonly test: 'Equals' | 'StartsWith' | 'Like' | 'LessThan' | 'LessThanEquals' | 'GreaterThan' | 'GreaterThanEquals'
  readonly negated: boolean
  readonly ignoresCase: boolean
  readonly quantifier: (typeof quantifiers)[number] | undefined
}

/** The beginning of an operator's name, which says what it compares. */
export type Family = 'String' | 'Numeric' | 'Bool' | 'DateTime' | 'Guid'
/** An attribute, or literals: one if there is no quantifier. */
export type Side = { readonly attribute: AttributeKey } | { readonly values: readonly Literal[] }
/** A literal. Times and GUIDs are text. */
export type Literal = string | number | boolean

/**
 * Every quantifier. Azure's text has them with Equals, Like, numbers and GUIDs; the server also accepts them with all other
 * comparisons, where they mean the same. [Cross product comparison operators]
 */
export const quantifiers = ['ForAnyOfAnyValues', 'ForAllOfAnyValues', 'ForAnyOfAllValues', 'ForAllOfAllValues'] as const

const repositoryName = 'Microsoft.ContainerRegistry/registries/repositories:name'
const assignments = 'Microsoft.Authorization/roleAssignments'

/** The attributes of the conditions: the source and the name of each. [Attributes] */
export const attributes = {
  name: ['Request', repositoryName],
  'name of resource': ['Resource', repositoryName],
  'role of request': ['Request', `${assignments}:RoleDefinitionId`],
  'role of resource': ['Resource', `${assignments}:RoleDefinitionId`],
  'principal of request': ['Request', `${assignments}:PrincipalId`],
  'principal of resource': ['Resource', `${assignments}:PrincipalId`],
  'type of request': ['Request', `${assignments}:PrincipalType`],
  'type of resource': ['Resource', `${assignments}:PrincipalType`],
  'name of principal': ['Principal', repositoryName],
  project: ['Principal', 'Microsoft.Directory/CustomSecurityAttributes/Id:Engineering_Project'],
  container: ['Request', 'Microsoft.Storage/storageAccounts/blobServices/containers:name'],
  'nearly the name': ['Resource', `${repositoryName}s`],
  time: ['Environment', 'UtcNow'],
  'private link': ['Environment', 'isPrivateLink'],
} as const satisfies Readonly<Record<string, readonly [string, string]>>

/** One of {@link attributes}. */
export type AttributeKey = keyof typeof attributes

/** What is asked: an action on a repository, or on none, or the change of a role assignment. */
export type ConditionRequest = {
  readonly action: string
  readonly repository: string | undefined
  readonly assignment?:
    { readonly roleDefinitionName: string; readonly principalId: string; readonly principalType: string } | undefined
}

/** The value of a condition. Only `true` allows. */
export type Truth = 'true' | 'false' | 'unknown'

/** Whether every attribute of the condition is the name of the repository. */
export function asksForNameAlone(tree: ConditionTree): boolean {
  const isName = (attribute: AttributeKey) => attribute === 'name' || attribute === 'name of resource'
  switch (tree.kind) {
    case 'and':
    case 'or':
      return tree.terms.every(asksForNameAlone)
    case 'not':
      return asksForNameAlone(tree.term)
    case 'exists':
      return isName(tree.attribute)
    case 'compare':
      // A name is a text: with an operator of another type, the comparison is unknown.
      return [tree.left, tree.right].every(
        (side) => !('attribute' in side) || (isName(side.attribute) && tree.family === 'String'),
      )
    case 'action':
    case 'suboperation':
      return true
  }
}

/**
 * The value of a condition for a request. A missing attribute makes it unknown, and the negation of unknown is unknown: so
 * a condition never allows because of what is not known. Azure's text does not say it, and the server promises it.
 */
export function plainTruth(tree: ConditionTree, request: ConditionRequest): Truth {
  switch (tree.kind) {
    case 'not':
      // NOT or ! is negation. [Not]
      return opposite(plainTruth(tree.term, request))
    case 'and': {
      // [And]
      const truths = tree.terms.map((term) => plainTruth(term, request))
      if (truths.includes('false')) return 'false'
      return truths.includes('unknown') ? 'unknown' : 'true'
    }
    case 'or': {
      // [Or]
      const truths = tree.terms.map((term) => plainTruth(term, request))
      if (truths.includes('true')) return 'true'
      return truths.includes('unknown') ? 'unknown' : 'false'
    }
    case 'action':
      // Whether the action of the request matches the pattern. [ActionMatches]
      return truth(plainActionMatch(tree.pattern, request.action))
    case 'suboperation':
      // Whether the suboperation of the request matches. The actions of a registry have none. [SubOperationMatches]
      return 'false'
    case 'exists':
      return plainExists(tree.attribute, request)
    case 'compare':
      return plainComparison(tree, request)
  }
}

/** Whether an action matches a pattern of a role or a condition: a star is any text, and case does not count. */
export function plainActionMatch(pattern: string, action: string): boolean {
  return new RegExp(`^${pattern.split('*').map(escape).join('.*')}$`, 'is').test(action)
}

type AttributeValue = { readonly family: Family; readonly value: string }

/** The value of an attribute of a request; undefined if it has none. */
function attributeValue(attribute: AttributeKey, request: ConditionRequest): AttributeValue | undefined {
  const [source, name] = attributes[attribute]
  const { action, repository, assignment } = request
  if (name === repositoryName && source !== 'Principal') {
    return repository === undefined ? undefined : { family: 'String', value: repository }
  }
  // A write has attributes of the request alone, and a deletion attributes of the resource alone. [Authorization actions]
  const owner = action.endsWith('/write') ? 'Request' : 'Resource'
  if (assignment === undefined || source !== owner) return undefined
  switch (name) {
    case `${assignments}:RoleDefinitionId`:
      return { family: 'Guid', value: assignment.roleDefinitionName }
    case `${assignments}:PrincipalId`:
      return { family: 'Guid', value: assignment.principalId }
    case `${assignments}:PrincipalType`:
      return { family: 'String', value: assignment.principalType }
    default:
      return undefined
  }
}

/** Whether the attribute exists; unknown if it is not an attribute of such requests. [Exists] */
function plainExists(attribute: AttributeKey, request: ConditionRequest): Truth {
  if (attribute === 'name' || attribute === 'name of resource') return truth(request.repository !== undefined)
  return attributeValue(attribute, request) === undefined ? 'unknown' : 'true'
}

function plainComparison(comparison: Comparison, request: ConditionRequest): Truth {
  const [lefts, rights] = [comparison.left, comparison.right].map((side) => valuesOf(side, comparison.family, request))
  if (lefts === undefined || rights === undefined) return 'unknown'
  const holds = (left: Literal, right: Literal) => plainTest(comparison, left, right) !== comparison.negated
  // Any or all of the left side, each with any or all of the right side. [Cross product comparison operators]
  switch (comparison.quantifier) {
    case undefined:
    case 'ForAnyOfAnyValues':
      return truth(lefts.some((left) => rights.some((right) => holds(left, right))))
    case 'ForAllOfAnyValues':
      return truth(lefts.every((left) => rights.some((right) => holds(left, right))))
    case 'ForAnyOfAllValues':
      return truth(lefts.some((left) => rights.every((right) => holds(left, right))))
    case 'ForAllOfAllValues':
      return truth(lefts.every((left) => rights.every((right) => holds(left, right))))
  }
}

/** The values of a side; undefined if they are of another type than the operator compares. */
function valuesOf(side: Side, family: Family, request: ConditionRequest): readonly Literal[] | undefined {
  if ('values' in side) return side.values
  const found = attributeValue(side.attribute, request)
  return found?.family === family ? [found.value] : undefined
}

/** The comparison of two values, without the negation of `Not…`. */
function plainTest({ family, test, ignoresCase }: Comparison, left: Literal, right: Literal): boolean {
  switch (family) {
    case 'String': {
      // The whole text is equal, or its beginning is, or it matches. Case counts unless the operator ignores it. [StringEquals, StringStartsWith, StringLike]
      const body = test === 'Like' ? likeBody(String(right)) : escape(String(right))
      return new RegExp(`^${body}${test === 'StartsWith' ? '' : '$'}`, ignoresCase ? 'is' : 's').test(String(left))
    }
    case 'Guid':
      // GUIDs are equal in any case. [GUID comparison operators]
      return String(left).toUpperCase() === String(right).toUpperCase()
    case 'Bool':
      return left === right
    case 'Numeric':
      return isInOrder(test, BigInt(left), BigInt(right))
    case 'DateTime':
      return isInOrder(test, ticksOf(String(left)), ticksOf(String(right)))
  }
}

function isInOrder(test: Comparison['test'], left: bigint, right: bigint): boolean {
  if (test === 'LessThan') return left < right
  if (test === 'LessThanEquals') return left <= right
  if (test === 'GreaterThan') return left > right
  if (test === 'GreaterThanEquals') return left >= right
  return left === right
}

/** A time in units of 100 ns: every one of the seven digits counts. [DateTime comparison operators] */
function ticksOf(text: string): bigint {
  const [, seconds = '', fraction = ''] = /^([^.Z]*)\.?(\d*)Z$/.exec(text) ?? []
  return BigInt(Date.parse(`${seconds}Z`)) * 10_000n + BigInt(fraction.padEnd(7, '0'))
}

/** A star is any text, a question mark is one character, and a backslash escapes either of them. [Special characters] */
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

function truth(holds: boolean): Truth {
  return holds ? 'true' : 'false'
}

function opposite(value: Truth): Truth {
  if (value === 'unknown') return value
  return truth(value === 'false')
}
