import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { type RoleCondition, foldCase } from '@acrux/shared/standards/conditions/role-condition.ts'
import { evaluateRoleCondition } from '@acrux/shared/standards/conditions/role-condition-evaluation.ts'
import { repositoryGuard } from '@acrux/shared/standards/conditions/role-condition-guard.ts'

/** Whether at least one condition of a set is met; `repository` is undefined for an action on no repository. */
export type ConditionSet = (repository: string | undefined) => boolean

/**
 * Few conditions are evaluated each time. From nine on, results are cached by name: a hit takes 0.2 µs. Without a
 * hit, the evaluation takes 18 µs for nine conditions and 10 ms for 10,000.
 */
const maxConditionsWithoutCache = 8
const maxCachedNames = 1024

/**
 * Compiles conditions for one action, so that an answer takes as long with many of them as with one: candidates are
 * found by the repository names that can meet them.
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

/** Finds the conditions that a name can meet, by the whole name and by its prefixes. */
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
