import type { AssignmentListPart, RoleAssignment } from '../../authorization/index.ts'
import { isWithinScope } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ArmContext, ManagementCaller } from './context.ts'

/** The role assignments of the caller and of their groups at a scope, above it or below it: all, or a part. */
export async function rolesAround(
  { access }: Pick<ArmContext, 'access'>,
  { rights }: ManagementCaller,
  scope: string,
  part?: AssignmentListPart,
): Promise<RoleAssignment[]> {
  const principalIds = [rights.objectId, ...rights.groupIds]
  return access.listAssignments({ scope, includeBelow: true, principalIds }, part)
}

/** Whether the caller has any role at a scope, above it or below it. */
export async function hasRoleAround(
  context: Pick<ArmContext, 'access'>,
  caller: ManagementCaller,
  scope: string,
): Promise<boolean> {
  return (await rolesAround(context, caller, scope, { limit: 1 })).length > 0
}

/** Returns a test of ids: whether a role of the caller allows the action on the resource. */
export async function visibleResources(
  { access }: Pick<ArmContext, 'access'>,
  { rights }: ManagementCaller,
  action: string,
): Promise<(id: string) => boolean> {
  const scopes = await access.scopesAllowing(rights, action)
  return (id) => scopes.some((scope) => isWithinScope(id, scope))
}

/** As {@link visibleResources}, for containers: a container is also visible if one of its resources is. */
export async function visibleContainers(
  { access }: Pick<ArmContext, 'access'>,
  { rights }: ManagementCaller,
  action: string,
): Promise<(id: string) => boolean> {
  const scopes = await access.scopesAllowing(rights, action)
  return (id) => scopes.some((scope) => isWithinScope(id, scope) || isWithinScope(scope, id))
}
