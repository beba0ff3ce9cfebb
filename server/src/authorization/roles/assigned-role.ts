import type { ReadCondition } from '../conditions/condition-reader.ts'
import type { RoleCondition } from '@acrux/shared/standards/conditions/role-condition.ts'
import {
  type AssignmentFacts,
  evaluateRoleCondition,
} from '@acrux/shared/standards/conditions/role-condition-evaluation.ts'
import { permitsAction, permitsDataAction } from '@acrux/shared/standards/azure/role-permissions.ts'
import type { GivenRole } from './role-reader.ts'
import type { RoleAssignment } from './model.ts'
import type { ActionNeed } from '../rights/model.ts'

/** An assigned role, prepared for decisions. */
export type AssignedRole = {
  readonly assignment: Pick<RoleAssignment, 'name' | 'scope' | 'roleDefinitionName' | 'principalId' | 'principalType'>
  /** Undefined if the role has been deleted. */
  readonly role: GivenRole | undefined
  readonly conditionText: string | null
  readonly condition: ReadCondition
}

/** The part of an assigned role that decides. */
export type JudgedRole = Pick<AssignedRole, 'role' | 'condition'>

/** The decision of one assignment: `allows`, or the first failed check. */
export type Verdict =
  | 'allows'
  | 'role-is-gone'
  | 'role-lacks-action'
  | 'condition-is-unreadable'
  | 'condition-is-not-met'
  /** The condition refers to an unknown attribute. Such a condition denies the request. */
  | 'condition-cannot-be-evaluated'

/**
 * The part of an action that an assignment grants: everything, the requests that meet a condition, or nothing, with the
 * failed check.
 */
export type Grant = 'allows' | RoleCondition | 'role-is-gone' | 'role-lacks-action' | 'condition-is-unreadable'

/**
 * The part of an action that an assignment grants. Every decision about roles, and every explanation, uses this
 * function.
 */
export function grantOf({ role, condition }: JudgedRole, need: ActionNeed): Grant {
  if (role === undefined) return 'role-is-gone'
  if (!permits(role, need)) return 'role-lacks-action'
  if (condition === 'unreadable') return 'condition-is-unreadable'
  return condition === 'none' ? 'allows' : condition
}

/** Decides by one assignment. `repository` is undefined for an action without a repository. */
export function judge(
  given: JudgedRole,
  need: ActionNeed,
  repository: string | undefined,
  assignment?: AssignmentFacts,
): Verdict {
  const grant = grantOf(given, need)
  if (typeof grant === 'string') return grant
  const met = evaluateRoleCondition(grant, { action: need.name, repository, assignment })
  if (met === undefined) return 'condition-cannot-be-evaluated'
  return met ? 'allows' : 'condition-is-not-met'
}

/** Whether a role permits an action, regardless of conditions. */
export function permits({ permissions }: GivenRole, { kind, name }: ActionNeed): boolean {
  return kind === 'action' ? permitsAction(permissions, name) : permitsDataAction(permissions, name)
}
