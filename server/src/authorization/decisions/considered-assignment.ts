import { LRUCache } from 'lru-cache'
import type { ActionNeed } from '../rights/model.ts'
import { type AssignedRole, type Verdict, judge } from '../roles/assigned-role.ts'
import type { RoleUnion } from '../roles/role-union.ts'

/** An assignment and the decision about the assignment. */
export type ConsideredAssignment = {
  readonly assignment: AssignedRole['assignment']
  /** Undefined if the role has been deleted. */
  readonly roleName: string | undefined
  readonly condition: string | null
  readonly verdict: Verdict
  /**
   * Whether the role allows the action only through a wildcard. For example, Reader may pull in legacy mode. [faults
   * 25]
   */
  readonly byWildcard: boolean
}

/** The order of the checks: a later verdict is closer to allowing. */
const order = [
  'role-is-gone',
  'role-lacks-action',
  'condition-is-unreadable',
  'condition-cannot-be-evaluated',
  'condition-is-not-met',
  'allows',
] as const satisfies readonly Verdict[]

/** The verdict that came closest to allowing. */
export function furthest(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((best, one) => (order.indexOf(one) > order.indexOf(best) ? one : best), order[0])
}

/**
 * The latest question about each of the unions that were asked about last: clients retry. Considering an assignment takes
 * about 1 µs.
 */
const latest = new LRUCache<RoleUnion, { readonly key: string; readonly assignments: ConsideredAssignment[] }>({
  max: 1000,
  maxSize: 50_000,
  sizeCalculation: ({ assignments }) => 1 + assignments.length,
})

/** Considers the roles of a union in order. */
export function considerAll(
  union: RoleUnion | undefined,
  needs: readonly ActionNeed[],
  repository: string | undefined,
): readonly ConsideredAssignment[] {
  if (union === undefined) return []
  const key = `${needs.map(({ kind, name }) => `${kind} ${name}`).join()} ${repository ?? ''}`
  const known = latest.get(union)
  if (known?.key === key) return known.assignments
  const assignments = union.roles.map((role) => consider(role, needs, repository))
  latest.set(union, { key, assignments })
  return assignments
}

/** Considers one assignment: one need is sufficient. */
export function consider(
  role: AssignedRole,
  needs: readonly ActionNeed[],
  repository: string | undefined,
): ConsideredAssignment {
  const verdicts = needs.map((need) => judge(role, need, repository))
  return {
    assignment: role.assignment,
    roleName: role.role?.roleName,
    condition: role.conditionText,
    verdict: furthest(verdicts),
    byWildcard: verdicts.includes('allows') && !needs.some((need) => names(role.role, need)),
  }
}

/** Whether a role contains exactly this action. */
function names(role: AssignedRole['role'], { kind, name }: ActionNeed): boolean {
  const blocks = role?.permissions ?? []
  const named = blocks.flatMap(({ actions, dataActions }) => (kind === 'action' ? actions : dataActions))
  return named.some((one) => one.toLowerCase() === name.toLowerCase())
}
