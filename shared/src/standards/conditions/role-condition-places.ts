import { type ConditionComparison, type ConditionValue, type RoleCondition, foldCase } from './role-condition.ts'
import { likeBeginning } from './role-condition-evaluation.ts'
import { repositoriesOf } from './role-condition-repositories.ts'

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
  return repositoriesOf(condition, action, {
    all: everywhere,
    none: nowhere,
    unlisted,
    union: unionOfPlaces,
    intersection,
    named: (test, values, oneSuffices) =>
      !oneSuffices && values.length > 1 ? unlisted : unionOfPlaces(values.map((value) => placesOfValue(test, value))),
  })
}

function intersection(places: readonly ConditionPlaces[]): ConditionPlaces {
  const limits = places.filter((each) => !isEverywhere(each))
  const [first = everywhere] = limits
  if (limits.length <= 1) return first
  return limits.some(isNowhere) ? nowhere : unlisted
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
