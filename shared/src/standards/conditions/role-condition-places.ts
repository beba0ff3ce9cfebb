import { matchesActionPattern } from '../azure/role-permissions.ts'
import {
  type ConditionComparison,
  type ConditionValue,
  type RoleCondition,
  foldCase,
  isRepositoryName,
} from './role-condition.ts'
import { evaluateRoleCondition, likeBeginning } from './role-condition-evaluation.ts'

/** The repositories on which a condition is met. */
export type ConditionPlaces = {
  /** Names such as `team/app`, beginnings of names such as `team/*`, or `*` alone for all. */
  readonly patterns: readonly string[]
  /** Whether the condition is met on others too, which a list of patterns cannot express. */
  readonly others: boolean
}

/** All repositories. */
export const everywhere: ConditionPlaces = { patterns: ['*'], others: false }

/** No repository. */
export const nowhere: ConditionPlaces = { patterns: [], others: false }

const unlisted: ConditionPlaces = { patterns: [], others: true }

/** Whether these are all repositories. */
export function isEverywhere({ patterns }: ConditionPlaces): boolean {
  return patterns.includes('*')
}

/** Whether this is no repository. */
export function isNowhere({ patterns, others }: ConditionPlaces): boolean {
  return patterns.length === 0 && !others
}

/** The repositories of any of these. */
export function unionOfPlaces(places: readonly ConditionPlaces[]): ConditionPlaces {
  if (places.some(isEverywhere)) return everywhere
  return {
    patterns: [...new Set(places.flatMap(({ patterns }) => patterns))],
    others: places.some(({ others }) => others),
  }
}

/** The repositories on which a condition is met for an action, as far as they can be listed without evaluating it for each one. */
export function placesOf(condition: RoleCondition, action: string): ConditionPlaces {
  return placesWhere(condition, true, action)
}

/** The repositories for which the condition evaluates to `wanted`. */
function placesWhere(condition: RoleCondition, wanted: boolean, action: string): ConditionPlaces {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const places = condition.terms.map((term) => placesWhere(term, wanted, action))
      return (condition.kind === 'or') === wanted ? unionOfPlaces(places) : intersection(places)
    }
    case 'not':
      return placesWhere(condition.term, !wanted, action)
    case 'action-matches':
      return matchesActionPattern(condition.pattern, action) === wanted ? everywhere : nowhere
    case 'sub-operation-matches':
      return wanted ? nowhere : everywhere
    case 'exists':
      return wanted && isRepositoryName(condition.attribute) ? everywhere : nowhere
    case 'comparison':
      return placesOfComparison(condition, wanted)
  }
}

function intersection(places: readonly ConditionPlaces[]): ConditionPlaces {
  const limits = places.filter((each) => !isEverywhere(each))
  const [first = everywhere] = limits
  if (limits.length <= 1) return first
  return limits.some(isNowhere) ? nowhere : unlisted
}

function placesOfComparison(comparison: ConditionComparison, wanted: boolean): ConditionPlaces {
  const { operator, quantifier, left, right } = comparison
  if (left.kind === 'values' && right.kind === 'values') {
    return evaluateRoleCondition(comparison, { action: '', repository: undefined }) === wanted ? everywhere : nowhere
  }
  const attributes = [left, right].flatMap((side) => (side.kind === 'attribute' ? [side.attribute] : []))
  if (operator.family !== 'string' || !attributes.every(isRepositoryName)) return nowhere
  // Only a positive comparison of the name with the right side is a list of names.
  if (right.kind === 'attribute' || operator.negated === wanted) return unlisted
  const oneSuffices = (quantifier?.right !== 'all') === wanted
  if (!oneSuffices && right.values.length > 1) return unlisted
  return unionOfPlaces(right.values.map((value) => placesOfValue(operator.test, value)))
}

function placesOfValue(test: ConditionComparison['operator']['test'], value: ConditionValue): ConditionPlaces {
  const text = String(value)
  // The names of repositories are in lower case. Operators that ignore case have values in lower case.
  if (text !== foldCase(text)) return nowhere
  if (test === 'equals') return { patterns: [text], others: false }
  const beginning = test === 'like' ? likeBeginning(text) : { text, whole: false }
  if (beginning.whole) return { patterns: [beginning.text], others: false }
  if (test === 'like' && text !== `${beginning.text}*`) return unlisted
  return { patterns: [`${beginning.text}*`], others: false }
}
