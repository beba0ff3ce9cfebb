import {
  type ConditionAttribute,
  type ConditionComparison,
  type ConditionOperand,
  type ConditionOperator,
  type ConditionValue,
  type RoleCondition,
  foldCase,
  isRepositoryName,
} from './role-condition.ts'
import { matchesActionPattern } from '../azure/role-permissions.ts'

/** The facts that a condition is evaluated against. */
export type ConditionFacts = {
  /** The complete action or data action. */
  readonly action: string
  /** Undefined if the action does not concern a repository. */
  readonly repository: string | undefined
  /** The role assignment that is written or deleted; undefined for other actions. */
  readonly assignment?: AssignmentFacts | undefined
}

/**
 * The attributes of a role assignment that is written or deleted. For a write, they are attributes of the request; for
 * a deletion, of the resource.
 */
export type AssignmentFacts = {
  readonly source: 'Request' | 'Resource'
  readonly roleDefinitionName: string
  readonly principalId: string
  readonly principalType: string
}

/**
 * Whether a condition is met; undefined if that is unknown because an attribute is missing. The negation of unknown is
 * unknown, so `!(…)` never allows a request with a missing attribute: only true allows. [acr-protocol §9.2]
 */
export function evaluateRoleCondition(condition: RoleCondition, facts: ConditionFacts): boolean | undefined {
  switch (condition.kind) {
    case 'and':
      return every(condition.terms, (term) => evaluateRoleCondition(term, facts))
    case 'or':
      return some(condition.terms, (term) => evaluateRoleCondition(term, facts))
    case 'not':
      return not(evaluateRoleCondition(condition.term, facts))
    case 'action-matches':
      return matchesActionPattern(condition.pattern, facts.action)
    case 'sub-operation-matches':
      // The operations of a registry have none.
      return false
    case 'exists':
      if (isRepositoryName(condition.attribute)) return facts.repository !== undefined
      return assignmentValue(condition.attribute, facts) === undefined ? undefined : true
    case 'comparison':
      return evaluateComparison(condition, facts)
  }
}

function evaluateComparison(
  { operator, quantifier, left, right }: ConditionComparison,
  facts: ConditionFacts,
): boolean | undefined {
  const lefts = valuesOf(left, operator, facts)
  const rights = valuesOf(right, operator, facts)
  if (lefts === undefined || rights === undefined) return undefined
  const satisfied = (one: ConditionValue) => (other: ConditionValue) =>
    compare(operator, one, other) !== operator.negated
  const against = (one: ConditionValue) =>
    quantifier?.right === 'all' ? rights.every(satisfied(one)) : rights.some(satisfied(one))
  return quantifier?.left === 'all' ? lefts.every(against) : lefts.some(against)
}

/** The values of a side in the operator's form; undefined if there are none of its type. */
function valuesOf(
  operand: ConditionOperand,
  { family, ignoresCase }: ConditionOperator,
  facts: ConditionFacts,
): readonly ConditionValue[] | undefined {
  if (operand.kind === 'values') return operand.values
  const ofAssignment = assignmentValue(operand.attribute, facts)
  if (ofAssignment !== undefined) {
    if (ofAssignment.family !== family) return undefined
    return [ignoresCase ? foldCase(ofAssignment.value) : ofAssignment.value]
  }
  const { repository } = facts
  if (!isRepositoryName(operand.attribute) || repository === undefined || family !== 'string') return undefined
  return [ignoresCase ? foldCase(repository) : repository]
}

const assignmentAttributes = ['roledefinitionid', 'principalid', 'principaltype'].map(
  (name) => `microsoft.authorization/roleassignments:${name}`,
)

/** Whether the attribute is one of a role assignment that is written or deleted. */
export function isAssignmentAttribute({ source, name }: ConditionAttribute): boolean {
  return (source === 'Request' || source === 'Resource') && assignmentAttributes.includes(name.toLowerCase())
}

/** The three attributes of a role assignment. [Azure RBAC, delegate role assignment management] */
function assignmentValue(
  { source, name }: ConditionAttribute,
  { assignment }: ConditionFacts,
): { readonly family: 'guid' | 'string'; readonly value: string } | undefined {
  if (assignment?.source !== source) return undefined
  switch (name.toLowerCase()) {
    case 'microsoft.authorization/roleassignments:roledefinitionid':
      return { family: 'guid', value: assignment.roleDefinitionName.toLowerCase() }
    case 'microsoft.authorization/roleassignments:principalid':
      return { family: 'guid', value: assignment.principalId.toLowerCase() }
    case 'microsoft.authorization/roleassignments:principaltype':
      return { family: 'string', value: assignment.principalType }
    default:
      return undefined
  }
}

function compare({ test }: ConditionOperator, left: ConditionValue, right: ConditionValue): boolean {
  switch (test) {
    case 'equals':
      return left === right
    case 'starts-with':
      return String(left).startsWith(String(right))
    case 'like':
      return matchesLike(String(right), String(left))
    case 'less':
      return left < right
    case 'less-or-equal':
      return left <= right
    case 'greater':
      return left > right
    case 'greater-or-equal':
      return left >= right
  }
}

/**
 * Whether `text` matches `pattern`. `*` matches any characters and `?` matches one; a backslash escapes them. Matching
 * backtracks only to the last star, so no pattern is slow.
 * [Azure RBAC, StringLike]
 */
export function matchesLike(pattern: string, text: string): boolean {
  let at = 0
  let next = 0
  let star: { readonly next: number; at: number } | undefined
  while (at < text.length) {
    const element = likeElement(pattern, next)
    if (element?.kind === 'any') {
      next += 1
      star = { next, at }
    } else if (element !== undefined && (element.kind === 'one' || element.character === text[at])) {
      next += element.length
      at += 1
    } else if (star === undefined) {
      return false
    } else {
      star.at += 1
      at = star.at
      next = star.next
    }
  }
  while (likeElement(pattern, next)?.kind === 'any') next += 1
  return next === pattern.length
}

/** The literal prefix of `pattern`, and whether it is the whole pattern. */
export function likeBeginning(pattern: string): { readonly text: string; readonly whole: boolean } {
  let text = ''
  let next = 0
  while (next < pattern.length) {
    const element = likeElement(pattern, next)
    if (element?.kind !== 'character') return { text, whole: false }
    text += element.character
    next += element.length
  }
  return { text, whole: true }
}

type LikeElement =
  | { readonly kind: 'any' | 'one'; readonly length: 1; readonly character?: undefined }
  | { readonly kind: 'character'; readonly length: 1 | 2; readonly character: string }

const anyRun: LikeElement = { kind: 'any', length: 1 }
const oneCharacter: LikeElement = { kind: 'one', length: 1 }

function likeElement(pattern: string, at: number): LikeElement | undefined {
  const character = pattern[at]
  if (character === undefined) return undefined
  if (character === '*') return anyRun
  if (character === '?') return oneCharacter
  const escaped = pattern[at + 1]
  if (character === '\\' && (escaped === '*' || escaped === '?')) {
    return { kind: 'character', length: 2, character: escaped }
  }
  return { kind: 'character', length: 1, character }
}

function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value
}

type Test = (term: RoleCondition) => boolean | undefined

function every(terms: readonly RoleCondition[], test: Test): boolean | undefined {
  let result: boolean | undefined = true
  for (const term of terms) {
    const value = test(term)
    if (value === false) return false
    if (value === undefined) result = undefined
  }
  return result
}

function some(terms: readonly RoleCondition[], test: Test): boolean | undefined {
  return not(every(terms, (term) => not(test(term))))
}
