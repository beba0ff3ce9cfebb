import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { type RoleCondition, foldCase } from '@acrux/shared/standards/conditions/role-condition.ts'
import { evaluateRoleCondition } from '@acrux/shared/standards/conditions/role-condition-evaluation.ts'
import { repositoryGuard } from '@acrux/shared/standards/conditions/role-condition-guard.ts'

/**
 * Whether a request meets at least one condition of a set. `repository` is undefined for an action without a
 * repository.
 */
export type ConditionSet = (repository: string | undefined) => boolean

/**
 * A few conditions are evaluated each time. For nine or more conditions, results are cached by name: a hit takes 0.2
 * µs. Without a hit, the evaluation takes 18 µs for nine conditions and 10 ms for 10,000 conditions.
 */
const maxConditionsWithoutCache = 8
const maxCachedNames = 1024

/**
 * Compiles conditions for one action, so that a decision takes the same time with one condition or many. The repository
 * name selects the conditions that the name can meet.
 */
export function createConditionSet(conditions: readonly RoleCondition[], action: string): ConditionSet {
  const candidates = indexByName(conditions, action)
  const isMet = (repository: string | undefined) =>
    candidates(repository).some((condition) => evaluateRoleCondition(condition, { action, repository }) === true)
  return conditions.length <= maxConditionsWithoutCache ? isMet : caching(isMet)
}

function caching(conditions: ConditionSet): ConditionSet {
  const cached = new LRUCache<string, boolean>(maxEntries(maxCachedNames))
  return (repository) => {
    if (repository === undefined) return conditions(undefined)
    const known = cached.get(repository)
    if (known !== undefined) return known
    const isMet = conditions(repository)
    cached.set(repository, isMet)
    return isMet
  }
}

/** Finds the conditions that a name can meet, by the complete name and by the prefixes of the name. */
function indexByName(
  conditions: readonly RoleCondition[],
  action: string,
): (repository: string | undefined) => readonly RoleCondition[] {
  const byName = new Map<string, RoleCondition[]>()
  const byPrefix = new Map<string, RoleCondition[]>()
  const always: RoleCondition[] = []
  for (const condition of conditions) {
    const guard = repositoryGuard(condition, action)
    if (guard.kind === 'any') {
      always.push(condition)
      continue
    }
    for (const name of guard.names) append(byName, name, condition)
    for (const prefix of guard.prefixes) append(byPrefix, prefix, condition)
  }
  const prefixLengths = [...new Set([...byPrefix.keys()].map(({ length }) => length))]
  return (repository) => {
    if (repository === undefined) return conditions
    const name = foldCase(repository)
    const found = prefixLengths.map((length) => byPrefix.get(name.slice(0, length)) ?? [])
    return [...(byName.get(name) ?? []), ...found.flat(), ...always]
  }
}

function append(index: Map<string, RoleCondition[]>, key: string, condition: RoleCondition): void {
  const list = index.get(key)
  if (list === undefined) index.set(key, [condition])
  else list.push(condition)
}
