import type { RoleCondition } from '../standards/conditions/role-condition.ts'
import { foldCase } from '../standards/conditions/role-condition.ts'
import { evaluateRoleCondition } from '../standards/conditions/role-condition-evaluation.ts'
import { repositoryGuard } from '../standards/conditions/role-condition-guard.ts'
import { type ActionNeed, type AssignedRole, permits } from './assigned-role.ts'

/** All the roles that somebody has at a scope, together: what one of them allows is allowed. */
export type RoleUnion = {
  readonly roles: readonly AssignedRole[]
  /** Whether one of them allows it; `repository` is undefined for what concerns none. */
  allows(need: ActionNeed, repository: string | undefined): boolean
}

type Question = (repository: string | undefined) => boolean

/**
 * Compiles roles so that an answer takes as long with many of them as with one. What is needed is worked out once: either
 * a role without a condition allows it, or there are conditions, which are found by the names that can meet them.
 */
export function createRoleUnion(roles: readonly AssignedRole[]): RoleUnion {
  const questions = { action: new Map<string, Question>(), 'data-action': new Map<string, Question>() }
  return {
    roles,
    allows: (need, repository) => {
      const known = questions[need.kind].get(need.name)
      if (known !== undefined) return known(repository)
      const question = compile(roles, need)
      questions[need.kind].set(need.name, question)
      return question(repository)
    },
  }
}

function compile(roles: readonly AssignedRole[], need: ActionNeed): Question {
  const conditions = new Set<RoleCondition>()
  for (const { role, condition } of roles) {
    if (role === undefined || condition === 'unreadable' || !permits(role, need)) continue
    if (condition === 'none') return () => true
    conditions.add(condition)
  }
  if (conditions.size === 0) return () => false
  const candidates = indexByName([...conditions], need.name)
  const isMet = (repository: string | undefined) => (condition: RoleCondition) =>
    evaluateRoleCondition(condition, { action: need.name, repository }) === true
  return remembering((repository) => candidates(repository).some(isMet(repository)), conditions.size)
}

/** With a few conditions it is quicker to evaluate them than to remember what came of it. */
const fewConditions = 8
const rememberedNames = 1024

function remembering(question: Question, conditions: number): Question {
  if (conditions <= fewConditions) return question
  const answers = new Map<string | undefined, boolean>()
  return (repository) => {
    const known = answers.get(repository)
    if (known !== undefined) return known
    const answer = question(repository)
    if (answers.size >= rememberedNames) answers.clear()
    answers.set(repository, answer)
    return answer
  }
}

/** Finds the conditions that a name can meet, by the name itself and by what it begins with. */
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
