import { addRepositories, ownAssignment } from '@acrux/shared/permissions/directory-assignments.ts'
import { type GrantedAction, grantForms } from '@acrux/shared/permissions/granted-action.ts'
import { explainAccess, listRoles, newAssignmentId, putAssignment } from '../../api/access.ts'

/** A permission on a repository, for a principal of the directory. */
export type Grant = {
  readonly registryId: string
  readonly principalId: string
  readonly principalType: string
  readonly action: GrantedAction
  readonly repository: string
}

/**
 * Grants a permission as `acrux acr grant` does in a registry with permissions per repository: the repository is added to the
 * principal's assignment of the role for the action, or to a new one. Other roles of the principal are not extended.
 */
export async function grantAccess({ registryId, principalId, principalType, action, repository }: Grant) {
  const { role, excluded } = grantForms[action]
  const { signal } = new AbortController()
  const [{ assignments }, roles] = await Promise.all([
    explainAccess(registryId, principalId, { action, repository }, signal),
    listRoles(registryId, signal),
  ])
  const roleDefinitionId = roles.find(({ properties }) => properties.roleName === role.name)?.id ?? ''
  const present = ownAssignment(assignments, { id: registryId }, principalId, role.name)
  for (const change of addRepositories(role, present, [{ kind: 'name', text: repository }], excluded)) {
    if (change.kind !== 'create-assignment' && change.kind !== 'change-assignment') continue
    const id = change.kind === 'change-assignment' ? change.id : newAssignmentId(registryId)
    await putAssignment(id, { roleDefinitionId, principalId, principalType, condition: change.condition })
  }
}
