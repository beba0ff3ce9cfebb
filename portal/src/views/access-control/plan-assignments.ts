import { addRepositories } from '@acrux/shared/permissions/directory-assignments.ts'
import { conditionText, withRepositories } from '@acrux/shared/permissions/repository-condition.ts'
import { type RepositoryPattern, parseRepositoryPattern } from '@acrux/shared/permissions/repository-pattern.ts'
import { parseKnownCondition } from '@acrux/shared/standards/conditions/role-condition-names.ts'
import type { Principal } from '../../api/principals.ts'
import type { RoleDefinition } from '../../api/types.ts'
import type { NamedAssignment } from './use-access.ts'

/** Where a role applies. */
export type Place =
  | { readonly kind: 'all' }
  | { readonly kind: 'patterns'; readonly patterns: readonly RepositoryPattern[] }
  | { readonly kind: 'condition'; readonly text: string }

/** The change for one principal. `has` means that nothing has to be done. */
export type PlannedAssignment = {
  readonly principal: Principal
  readonly kind: 'create' | 'adds-to' | 'widens' | 'has'
  /** The id of the assignment that is changed. */
  readonly id: string | undefined
  readonly condition: string | null
}

type Plan = {
  readonly registryId: string
  readonly role: RoleDefinition
  readonly principals: readonly Principal[]
  readonly place: Place
  readonly assignments: readonly NamedAssignment[]
}

/** Reads repositories, one on each line: the patterns, and the first line that is not a pattern. */
export function readPatterns(text: string): {
  readonly patterns: readonly RepositoryPattern[]
  readonly wrong: string | undefined
} {
  const lines = text.split(/[\s,]+/).filter((line) => line !== '')
  const patterns = lines.map(parseRepositoryPattern)
  return {
    patterns: patterns.filter((pattern) => pattern !== undefined),
    wrong: lines.find((_line, index) => patterns[index] === undefined),
  }
}

/** The condition of a new assignment. */
export function conditionOf(place: Place): string | null {
  switch (place.kind) {
    case 'all':
      return null
    case 'patterns':
      return conditionText(withRepositories([], place.patterns, []))
    case 'condition':
      return place.text
  }
}

/**
 * Plans how to assign a role to principals. A principal has one assignment for each role and scope, so one that
 * exists is changed.
 */
export function planAssignments({
  registryId,
  role,
  principals,
  place,
  assignments,
}: Plan): readonly PlannedAssignment[] {
  return principals.map((principal) => {
    const present = assignments.find(
      (each) =>
        each.principalId === principal.id &&
        each.role?.name === role.name &&
        each.scope.toLowerCase() === registryId.toLowerCase(),
    )
    if (present === undefined) return { principal, kind: 'create', id: undefined, condition: conditionOf(place) }
    return { principal, id: present.id, ...changeOf(present.condition, role, place) }
  })
}

function changeOf(
  present: string | null,
  role: RoleDefinition,
  place: Place,
): Pick<PlannedAssignment, 'kind' | 'condition'> {
  if (present === null && place.kind !== 'condition') return { kind: 'has', condition: null }
  if (place.kind !== 'patterns') {
    const condition = conditionOf(place)
    return { kind: condition === present ? 'has' : 'widens', condition }
  }
  const { roleName } = role.properties
  const named = { name: roleName, actions: [] }
  const [change] = addRepositories(named, { id: '', roleName, condition: present }, place.patterns, [])
  if (change === undefined || change.kind === 'delete-assignment') return { kind: 'has', condition: present }
  return { kind: 'adds-to', condition: change.condition }
}

/** Whether a text is a condition with known names, or empty. */
export function isCondition(text: string): boolean {
  return text.trim() === '' || 'condition' in parseKnownCondition(text)
}

/** What is entered; the texts are kept when another kind is selected. */
export type PlaceChoice = {
  readonly kind: Place['kind']
  readonly patterns: string
  readonly condition: string
}

/** Where the role applies. Undefined while something is missing or wrong. */
export function placeOf({ kind, patterns: text, condition }: PlaceChoice): Place | undefined {
  if (kind === 'all') return { kind }
  if (kind === 'condition') {
    return condition.trim() !== '' && isCondition(condition) ? { kind, text: condition } : undefined
  }
  const { patterns, wrong } = readPatterns(text)
  return wrong === undefined && patterns.length > 0 ? { kind, patterns } : undefined
}
