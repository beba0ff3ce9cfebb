import { actionToGrant, grantForms } from '@acrux/shared/permissions/granted-action.ts'
import type { Decision, DecisionChange } from '@acrux/shared/wire/api-types.ts'
import { newAssignmentId, putAssignment } from '../../api/access.ts'
import { grantAccess } from '../access-control/grant.ts'

/** A role whose assignment would allow a request. */
export type PossibleFix = {
  readonly roleName: string
  readonly scope: string
  readonly condition: string | null
  /** The repository for which the role is assigned, beside others that the principal may have it for. */
  readonly repository?: string
  readonly assign: () => Promise<void>
}

type Target = { readonly principalId: string; readonly principalType: 'User' | 'ServicePrincipal' }

/** The role whose assignment would allow a request of a principal of the directory; undefined if another change would. */
export function possibleFix({ principal, asked, smallestChange, since }: Decision): PossibleFix | undefined {
  if (since?.allowed === true || (principal.kind !== 'user' && principal.kind !== 'service-principal')) return undefined
  const target: Target = {
    principalId: principal.id,
    principalType: principal.kind === 'user' ? 'User' : 'ServicePrincipal',
  }
  if (smallestChange?.kind === 'assign-role') return assignmentOf(target, smallestChange)
  return smallestChange?.kind === 'change-condition' && asked !== null ? grantOf(target, asked) : undefined
}

function assignmentOf(
  target: Target,
  { roleName, scope, roleDefinitionId, condition = null }: DecisionChange,
): PossibleFix | undefined {
  if (roleName === undefined || scope === undefined || roleDefinitionId === undefined) return undefined
  const assignment = { ...target, roleDefinitionId, condition }
  return { roleName, scope, condition, assign: () => putAssignment(newAssignmentId(scope), assignment) }
}

function grantOf(target: Target, asked: NonNullable<Decision['asked']>): PossibleFix | undefined {
  const { repository } = asked
  const scope = /^.*\/registries\/[^/]+/i.exec(asked.scope ?? '')?.[0]
  const action = actionToGrant(asked.action)
  if (scope === undefined || action === undefined || repository === null) return undefined
  const grant = { ...target, registryId: scope, action, repository }
  const { name: roleName } = grantForms[action].role
  return { roleName, scope, condition: null, repository, assign: () => grantAccess(grant) }
}
