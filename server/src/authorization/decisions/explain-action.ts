import { type Verdict, judge, permits } from '../roles/assigned-role.ts'
import type { createAssignedRoles } from '../roles/assigned-roles.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import { type Explanation, furthest, names } from './explain.ts'
import type { Principal } from '../rights/model.ts'
import type { RoleDefinition } from '../roles/model.ts'

/** Explanations of decisions about the management API. */
export interface ExplainAction {
  /** Explains whether a principal may carry out a management action at a scope. */
  explainAction(
    principal: Principal & { readonly kind: 'directory' },
    action: string,
    scope: string,
  ): Promise<Explanation>
}

/** Creates the explanations. */
export function createExplainAction(assigned: ReturnType<typeof createAssignedRoles>): ExplainAction {
  return {
    explainAction: async (principal, action, scope) => {
      const need = { kind: 'action', name: action } as const
      const { roles } = await assigned.unionOf(principal, scope)
      const assignments = roles.map((role) => ({
        assignment: role.assignment,
        roleName: role.role?.roleName,
        condition: role.conditionText,
        verdict: judge(role, need, undefined),
        byWildcard: judge(role, need, undefined) === 'allows' && !names(role.role, need),
      }))
      const facts = { needs: [need], assignments, scopeMap: undefined }
      const verdict: Verdict | undefined =
        assignments.length === 0 ? undefined : furthest(assignments.map((one) => one.verdict))
      if (verdict === 'allows') {
        return { allowed: true, ...facts, firstFailure: undefined, smallestChange: undefined }
      }
      const role = smallestRoleFor(action)
      const smallestChange = role && {
        kind: 'assign-role' as const,
        roleName: role.roleName,
        roleDefinitionName: role.name,
        scope,
        condition: undefined,
      }
      return { allowed: false, ...facts, firstFailure: verdict ?? 'no-assignment', smallestChange }
    },
  }
}

/** The built-in role that permits the action and the fewest others. */
function smallestRoleFor(action: string): RoleDefinition | undefined {
  const fitting = builtInRoles.filter((role) => permits(role, { kind: 'action', name: action }))
  return fitting.toSorted((one, other) => breadth(one) - breadth(other))[0]
}

/** Estimates from its patterns how much a role permits. */
function breadth({ permissions }: RoleDefinition): number {
  const patterns = permissions.flatMap(({ actions, dataActions }) => [...actions, ...dataActions])
  const excluded = permissions.flatMap(({ notActions }) => notActions).length
  const widths = patterns.map((pattern) =>
    pattern === '*' ? 10_000 : pattern.startsWith('*') ? 1000 : pattern.includes('*') ? 100 : 1,
  )
  return widths.reduce((sum, width) => sum + width, 0) - excluded
}
