import { normalizeScope } from '@acrux/shared/standards/azure/resource-id.ts'
import type { RolePermissions } from '@acrux/shared/standards/azure/role-permissions.ts'
import type { AssignmentFacts } from '@acrux/shared/standards/conditions/role-condition-evaluation.ts'
import type { Principal } from '../rights/model.ts'
import { judge, permits } from './assigned-role.ts'
import type { AssignedRoles } from './assigned-roles.ts'
import type { RoleAssignment } from './model.ts'
import { type RoleUnion, createRoleUnion } from './role-union.ts'

/** Decisions about the management API. Only principals of the directory have roles. */
export interface ManagementRights {
  /** Whether the principal may carry out a management action at a scope. */
  mayManage(principal: Principal, action: string, scope: string): Promise<boolean>
  /**
   * Whether a role of the principal allows the action at the scope, or allows it for some role assignments by a
   * condition. In the second case, {@link ManagementRights.mayAssign} decides about each assignment.
   */
  mayManageSome(principal: Principal, action: string, scope: string): Promise<boolean>
  /**
   * Whether the principal may create or change (`Request`), or delete (`Resource`), this role assignment at a scope.
   */
  mayAssign(principal: Principal, scope: string, assignment: AssignmentFacts): Promise<boolean>
  /**
   * The scopes, in lower case, at which a role of the principal allows the action. Lists contain the resources below
   * these scopes. Lists of subscriptions and resource groups also contain the parents of these scopes.
   */
  scopesAllowing(principal: Principal, action: string): Promise<string[]>
  /** What the roles of the principal permit at a scope, with the conditions of their assignments. */
  permissionsAt(principal: Principal, scope: string): Promise<AssignedPermissions[]>
  /**
   * The first role of `target` that permits `target` to assign or change roles, at any scope and under any condition,
   * and that the principal may not assign itself; undefined if there is no such role. A principal that can act as
   * `target` would gain this role.
   */
  roleBeyond(principal: Principal, target: Principal): Promise<RoleBeyond | undefined>
}

/** A block of a role that is assigned, and the condition of the assignment. */
export type AssignedPermissions = RolePermissions & { readonly condition: string | null }

/** An assigned role that a principal may not assign itself. */
export type RoleBeyond = Pick<RoleAssignment, 'roleDefinitionName' | 'scope'>

const noRoles = createRoleUnion([])

/** The actions by which a principal can assign itself every other right. */
const roleWriting = ['roleAssignments', 'roleDefinitions'].map(
  (type) => ({ kind: 'action', name: `Microsoft.Authorization/${type}/write` }) as const,
)

/** Creates the decisions about the management API. */
export function createManagementRights(assigned: AssignedRoles): ManagementRights {
  const unionOf = async (principal: Principal, scope: string): Promise<RoleUnion> =>
    principal.kind === 'directory' ? assigned.unionOf(principal, scope) : noRoles

  const mayAssign: ManagementRights['mayAssign'] = async (principal, scope, assignment) => {
    const { roles } = await unionOf(principal, scope)
    const verb = assignment.source === 'Request' ? 'write' : 'delete'
    const need = { kind: 'action', name: `Microsoft.Authorization/roleAssignments/${verb}` } as const
    return roles.some((role) => judge(role, need, undefined, assignment) === 'allows')
  }

  return {
    mayAssign,
    mayManage: async (principal, action, scope) => {
      const union = await unionOf(principal, scope)
      return union.allows({ kind: 'action', name: action }, undefined)
    },
    mayManageSome: async (principal, action, scope) => {
      const { roles } = await unionOf(principal, scope)
      const verdicts = roles.map((role) => judge(role, { kind: 'action', name: action }, undefined))
      return verdicts.some((verdict) => verdict === 'allows' || verdict === 'condition-cannot-be-evaluated')
    },
    scopesAllowing: async (principal, action) => {
      if (principal.kind !== 'directory') return []
      const need = { kind: 'action', name: action } as const
      const allowing = (await assigned.everywhere(principal)).filter(
        (role) => judge(role, need, undefined) === 'allows',
      )
      return [...new Set(allowing.map(({ assignment }) => normalizeScope(assignment.scope)))]
    },
    permissionsAt: async (principal, scope) => {
      const { roles } = await unionOf(principal, scope)
      return roles.flatMap(({ role, conditionText: condition }) =>
        (role?.permissions ?? []).map((permissions) => ({ ...permissions, condition })),
      )
    },
    roleBeyond: async (principal, target) => {
      if (target.kind !== 'directory') return undefined
      for (const { role, assignment } of await assigned.everywhere(target)) {
        if (role === undefined || !roleWriting.some((need) => permits(role, need))) continue
        if (!(await mayAssign(principal, assignment.scope, { ...assignment, source: 'Request' }))) return assignment
      }
      return undefined
    },
  }
}
