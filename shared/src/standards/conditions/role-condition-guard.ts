import { type ConditionComparison, type ConditionValue, type RoleCondition, foldCase } from './role-condition.ts'
import { likeBeginning } from './role-condition-evaluation.ts'
import { repositoriesOf } from './role-condition-repositories.ts'

/**
 * The repository names, in lower case, for which a condition can be met: some names, or all names with some prefixes. It is
 * a filter to find the few relevant conditions among many; the evaluation decides.
 */
export type RepositoryGuard =
  | { readonly kind: 'any' }
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly prefixes: readonly string[] }

const any: RepositoryGuard = { kind: 'any' }
const never: RepositoryGuard = { kind: 'names', names: [], prefixes: [] }

/** The names for which the condition can be met for the action. */
export function repositoryGuard(condition: RoleCondition, action: string): RepositoryGuard {
  return repositoriesOf(condition, action, {
    all: any,
    none: never,
    unlisted: any,
    union: unionOfGuards,
    intersection: narrowest,
    named: (test, values, oneSuffices) => {
      const guards = values.map((value) => guardOfValue(test, value))
      return oneSuffices ? unionOfGuards(guards) : narrowest(guards)
    },
  })
}

function guardOfValue(test: ConditionComparison['operator']['test'], value: ConditionValue): RepositoryGuard {
  const text = foldCase(String(value))
  if (test === 'equals') return { kind: 'names', names: [text], prefixes: [] }
  const beginning = test === 'like' ? likeBeginning(text) : { text, whole: false }
  if (beginning.whole) return { kind: 'names', names: [beginning.text], prefixes: [] }
  return beginning.text === '' ? any : { kind: 'names', names: [], prefixes: [beginning.text] }
}

/** Whether a condition with this guard is met for no name. */
export function isNever(guard: RepositoryGuard): boolean {
  return guard.kind === 'names' && guard.names.length === 0 && guard.prefixes.length === 0
}

/** The names that at least one of the guards has. */
export function unionOfGuards(guards: readonly RepositoryGuard[]): RepositoryGuard {
  const names = new Set<string>()
  const prefixes = new Set<string>()
  for (const guard of guards) {
    if (guard.kind === 'any') return any
    for (const name of guard.names) names.add(name)
    for (const prefix of guard.prefixes) prefixes.add(prefix)
  }
  return { kind: 'names', names: [...names], prefixes: [...prefixes] }
}

/** All guards apply, so any one of them is a valid filter: the one with the fewest names is used. */
function narrowest(guards: readonly RepositoryGuard[]): RepositoryGuard {
  let best = any
  for (const guard of guards) if (weight(guard) < weight(best)) best = guard
  return best
}

function weight(guard: RepositoryGuard): number {
  return guard.kind === 'any' ? Infinity : guard.names.length + 1000 * guard.prefixes.length
}
