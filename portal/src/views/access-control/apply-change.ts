import { alternativesOf } from '@acrux/shared/permissions/directory-assignments.ts'
import { actionToGrant } from '@acrux/shared/permissions/granted-action.ts'
import { conditionText, withRepositories } from '@acrux/shared/permissions/repository-condition.ts'
import type { AccessExplanation, DecisionChange } from '@acrux/shared/wire/api-types.ts'
import { changeRegistry, newAssignmentId, putAssignment } from '../../api/access.ts'
import type { Principal } from '../../api/principals.ts'
import { changeScopeMap } from '../../api/tokens.ts'
import { grantAccess } from './grant.ts'

export type ChangeFor = {
  readonly registryId: string
  readonly explanation: AccessExplanation
  readonly change: DecisionChange
  readonly principal: Principal | undefined
}

/** A change that the portal can make: the action of ARM that it needs, and the act. */
export type PossibleChange = { readonly needs: string; readonly apply: () => Promise<void> }

/** The act of a change. Undefined for one that the portal cannot make. */
export function possibleChange(asked: ChangeFor): PossibleChange | undefined {
  const { registryId, change } = asked
  switch (change.kind) {
    case 'assign-role':
      return assignRole(asked)
    case 'change-condition':
      return changeCondition(asked)
    case 'extend-scope-map':
      return extendScopeMap(asked)
    case 'enable-admin-account':
      return { needs: registriesWrite, apply: () => changeRegistry(registryId, { adminUserEnabled: true }) }
    case 'enable-anonymous-pull':
      return { needs: registriesWrite, apply: () => changeRegistry(registryId, { anonymousPullEnabled: true }) }
    default:
      return undefined
  }
}

const registriesWrite = 'Microsoft.ContainerRegistry/registries/write'
const assignmentsWrite = 'Microsoft.Authorization/roleAssignments/write'

function assignRole({ change, explanation, principal }: ChangeFor): PossibleChange | undefined {
  const { roleDefinitionId, scope, condition } = change
  if (roleDefinitionId === undefined || scope === undefined || principal === undefined) return undefined
  const wanted = {
    roleDefinitionId,
    principalId: explanation.principal,
    principalType: principal.type,
    condition: condition ?? null,
  }
  return { needs: assignmentsWrite, apply: () => putAssignment(newAssignmentId(scope), wanted) }
}

/**
 * Grants the action on the repository. For an action that no grant includes, the repository is added to the condition, if the
 * assignment is the principal's own at this registry.
 */
function changeCondition({ change, explanation, registryId, ...asked }: ChangeFor): PossibleChange | undefined {
  const { assignments, repository, principal } = explanation
  const action = actionToGrant(explanation.action)
  if (action !== undefined && repository !== null && asked.principal !== undefined) {
    const grant = { registryId, principalId: principal, principalType: asked.principal.type, action, repository }
    return { needs: assignmentsWrite, apply: () => grantAccess(grant) }
  }
  const found = assignments.find(({ id }) => id === change.assignmentId)
  if (found === undefined || repository === null || found.principalId !== principal) return undefined
  if (found.scope.toLowerCase() !== registryId.toLowerCase()) return undefined
  const { roleDefinitionId, principalType } = found
  const condition = conditionText(withRepositories(alternativesOf(found), [{ kind: 'name', text: repository }], []))
  const wanted = { roleDefinitionId, principalId: principal, principalType, condition }
  return { needs: assignmentsWrite, apply: () => putAssignment(found.id, wanted) }
}

function extendScopeMap({ change, explanation, registryId }: ChangeFor): PossibleChange | undefined {
  const { scopeMap } = explanation
  const { action } = change
  if (scopeMap === null || action === undefined || scopeMap.name.startsWith('_')) return undefined
  const actions = [...scopeMap.actions, action]
  return {
    needs: 'Microsoft.ContainerRegistry/registries/scopeMaps/write',
    apply: () => changeScopeMap(registryId, scopeMap.name, actions),
  }
}
