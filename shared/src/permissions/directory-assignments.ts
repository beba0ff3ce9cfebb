import type { ConsideredAssignment } from '../wire/api-types.ts'
import { type RepositoryRole, repositoryRoles } from './granted-action.ts'
import {
  type Alternative,
  conditionText,
  parseRepositoryCondition,
  patternsAllowing,
  withRepositories,
  withoutRepositories,
} from './repository-condition.ts'
import { type RepositoryPattern, covers, overlaps, patternPhrase } from './repository-pattern.ts'

/** A change of role assignments. `description` is a sentence without a subject, such as `assign AcrPush`. */
export type AssignmentChange = { readonly description: string } & (
  | { readonly kind: 'create-assignment'; readonly roleName: string; readonly condition: string | null }
  | {
      readonly kind: 'change-assignment'
      readonly id: string
      readonly roleName: string
      readonly condition: string | null
    }
  | { readonly kind: 'delete-assignment'; readonly id: string; readonly roleName: string }
)

/** An assignment that is changed. */
export type ChangedAssignment = Pick<ConsideredAssignment, 'id' | 'roleName' | 'condition'>

/** The assignment of a role to the principal, not to one of its groups, at the registry, not at a scope above it. */
export function ownAssignment(
  assignments: readonly ConsideredAssignment[],
  { id: registryId }: { readonly id: string },
  principalId: string,
  roleName: string,
): ConsideredAssignment | undefined {
  return assignments.find(
    (each) => isOwn(each, registryId, principalId) && each.roleName?.toLowerCase() === roleName.toLowerCase(),
  )
}

/**
 * Whether an assignment is to the principal, not to one of its groups, and at the registry, not at a scope above it.
 *
 */
export function isOwn(assignment: ConsideredAssignment, registryId: string, principalId: string): boolean {
  return assignment.principalId === principalId && assignment.scope.toLowerCase() === registryId.toLowerCase()
}

/** The alternatives of the condition of an assignment. */
export function alternativesOf({ roleName, condition }: Omit<ChangedAssignment, 'id'>): readonly Alternative[] {
  const role = repositoryRoles.find(({ name }) => name === roleName)
  return parseRepositoryCondition(condition, role?.actions ?? [])
}

/** Whether an assignment allows a data action on all repositories of a pattern, as far as its condition is understood. */
export function allowsAll(assignment: ConsideredAssignment, action: string, pattern: RepositoryPattern): boolean {
  if (assignment.result !== 'allows') return false
  if (pattern.kind === 'name') return true
  return patternsAllowing(alternativesOf(assignment), action).some((each) => covers(each, pattern))
}

/**
 * The repositories on which an assignment allows a data action: those within a pattern, or a larger pattern that
 * includes it.
 */
export function allowedPatterns(
  assignment: ConsideredAssignment,
  action: string,
  pattern: RepositoryPattern,
): readonly RepositoryPattern[] {
  const role = repositoryRoles.find(({ name }) => name === assignment.roleName)
  if (role !== undefined && !role.actions.includes(action)) return []
  return patternsAllowing(alternativesOf(assignment), action).filter((each) => overlaps(each, pattern))
}

/**
 * Adds repositories to the role of a principal: by changing its assignment, or by creating a new assignment. No
 * change if it has them.
 */
export function addRepositories(
  role: RepositoryRole,
  present: ChangedAssignment | undefined,
  patterns: readonly RepositoryPattern[],
  excluded: readonly string[],
): AssignmentChange[] {
  const alternatives = present === undefined ? [] : alternativesOf(present)
  const covering = alternatives.flatMap((each) =>
    each.kind === 'repositories' && each.excluded.every((action) => excluded.includes(action)) ? each.patterns : [],
  )
  const added = patterns.filter((each) => !covering.some((one) => covers(one, each)))
  if (added.length === 0) return []
  const condition = conditionText(withRepositories(alternatives, added, excluded))
  const names = added.map(patternPhrase).join(', ')
  const { name: roleName } = role
  if (present === undefined)
    return [{ kind: 'create-assignment', roleName, condition, description: `assign ${roleName} for ${names}` }]
  const description = `add ${names} to the condition of ${roleName}`
  return [{ kind: 'change-assignment', id: present.id, roleName, condition, description }]
}

/** Removes the repositories of a pattern from an assignment. No change if its condition lists none of them. */
export function removeRepositories(
  present: ConsideredAssignment,
  pattern: RepositoryPattern,
): { readonly changes: AssignmentChange[]; readonly removed: readonly Alternative[] } {
  const before = alternativesOf(present)
  const removed = before.flatMap((each): Alternative[] => {
    if (each.kind === 'other') return []
    const patterns = each.patterns.filter((one) => covers(pattern, one))
    return patterns.length === 0 ? [] : [{ ...each, patterns }]
  })
  if (removed.length === 0) return { changes: [], removed }
  const { id } = present
  const roleName = present.roleName ?? ''
  const left = withoutRepositories(before, pattern)
  if (left.length === 0)
    return { removed, changes: [{ kind: 'delete-assignment', id, roleName, description: `remove ${roleName}` }] }
  const names = removed.flatMap((each) => (each.kind === 'repositories' ? each.patterns : [])).map(patternPhrase)
  const description = `remove ${names.join(', ')} from the condition of ${roleName}`
  const change = { kind: 'change-assignment', id, roleName, condition: conditionText(left), description } as const
  return { removed, changes: [change] }
}
