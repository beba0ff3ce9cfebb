import { matchesActionPattern } from '../azure/role-permissions.ts'
import { evaluateRoleCondition } from './role-condition-evaluation.ts'
import {
  type ConditionComparison,
  type ConditionValue,
  type RoleCondition,
  isRepositoryName,
} from './role-condition.ts'

/** How sets of repositories are described: exactly, or by a filter. */
export type RepositorySets<Set> = {
  readonly all: Set
  readonly none: Set
  /** Repositories that cannot be listed. */
  readonly unlisted: Set
  readonly union: (sets: readonly Set[]) => Set
  readonly intersection: (sets: readonly Set[]) => Set
  /** The repositories whose name matches the values: all of them, or one of them if `oneSuffices`. */
  readonly named: (
    test: ConditionComparison['operator']['test'],
    values: readonly ConditionValue[],
    oneSuffices: boolean,
  ) => Set
}

/** The repositories for which a condition is met for an action. */
export function repositoriesOf<Set>(condition: RoleCondition, action: string, sets: RepositorySets<Set>): Set {
  return repositoriesWhere(condition, true, { action, sets })
}

type Walk<Set> = { readonly action: string; readonly sets: RepositorySets<Set> }

/** The repositories for which the condition evaluates to `wanted`. */
function repositoriesWhere<Set>(condition: RoleCondition, wanted: boolean, walk: Walk<Set>): Set {
  const { action, sets } = walk
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const terms = condition.terms.map((term) => repositoriesWhere(term, wanted, walk))
      return (condition.kind === 'or') === wanted ? sets.union(terms) : sets.intersection(terms)
    }
    case 'not':
      return repositoriesWhere(condition.term, !wanted, walk)
    case 'action-matches':
      return matchesActionPattern(condition.pattern, action) === wanted ? sets.all : sets.none
    case 'sub-operation-matches':
      return wanted ? sets.none : sets.all
    case 'exists':
      return wanted && isRepositoryName(condition.attribute) ? sets.all : sets.none
    case 'comparison':
      return repositoriesOfComparison(condition, wanted, sets)
  }
}

function repositoriesOfComparison<Set>(
  comparison: ConditionComparison,
  wanted: boolean,
  sets: RepositorySets<Set>,
): Set {
  const { operator, quantifier, left, right } = comparison
  if (left.kind === 'values' && right.kind === 'values') {
    return evaluateRoleCondition(comparison, { action: '', repository: undefined }) === wanted ? sets.all : sets.none
  }
  const attributes = [left, right].flatMap((side) => (side.kind === 'attribute' ? [side.attribute] : []))
  if (operator.family !== 'string' || !attributes.every(isRepositoryName)) return sets.none
  // Only a positive comparison of the name with the right side is a list of names.
  if (right.kind === 'attribute' || operator.negated === wanted) return sets.unlisted
  return sets.named(operator.test, right.values, (quantifier?.right !== 'all') === wanted)
}
