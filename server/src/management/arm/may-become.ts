import type { ManagedIdentity } from '../../directory/index.ts'
import type { WantedAction } from './errors.ts'
import type { ArmContext, ManagementCall, ManagementCaller } from './context.ts'
import { ArmError } from './errors.ts'

/**
 * Requires that the caller may get to act for an identity. Every route that makes this possible calls it.
 *
 * @throws ArmError 403
 */
export async function requireMayBecome(
  { mayBecome }: Pick<ArmContext, 'mayBecome'>,
  { caller }: Pick<ManagementCall, 'caller'>,
  { id, objectId }: Pick<ManagedIdentity, 'id' | 'objectId'>,
): Promise<void> {
  const obstacle = await mayBecome(caller.principal.objectId, objectId)
  if (obstacle === undefined) return
  if (obstacle.kind === 'role') {
    throw linkedForbidden(caller, { action: 'Microsoft.Authorization/roleAssignments/write', scope: obstacle.scope })
  }
  const message = `The identity '${id}' has the directory role '${obstacle.role}', but the client with object id '${caller.principal.objectId}' does not have this role.`
  throw new ArmError('linkedAuthorization', message)
}

/** The error for a request that also needs a permission at another scope. [ARM, linked authorization] */
export function linkedForbidden({ principal }: ManagementCaller, { action, scope }: WantedAction): ArmError {
  const message = `The client with object id '${principal.objectId}' has permission to perform the request, but does not have permission to perform action '${action}' on the linked scope '${scope}', or the linked scope is invalid.`
  return new ArmError('linkedAuthorization', message, { wanted: { action, scope } })
}
