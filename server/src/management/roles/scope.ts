import type { Transaction } from '../../platform/sql/database.ts'
import { resourceGroupId, subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RolesContext } from './context.ts'
import { requireMachine } from '../identities/machines.ts'
import { requireUserAssignedIdentity } from '../identities/managed-identities.ts'
import { requireRegistry } from '../registries/registries.ts'
import { requireGroup } from '../arm/resource-groups.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

/**
 * The id of the resource that a path names, in the spelling of the resource.
 *
 * @throws ArmError 404 if it does not exist
 */
export async function requireScopeId(
  context: Pick<RolesContext, 'directory' | 'resources'>,
  call: ManagementCall,
  transaction?: Transaction,
): Promise<string> {
  const { names } = call
  if (names.identity !== '') return (await requireUserAssignedIdentity(context, names, transaction)).id
  if (names.machine !== '') return (await requireMachine(context, names, transaction)).id
  if (names.registry !== '') return (await requireRegistry(context, names, transaction)).id
  if (names.resourceGroup !== '') {
    const group = await requireGroup(context, names, transaction)
    return resourceGroupId(group.subscriptionId, group.name)
  }
  if (names.subscriptionId === '') return '/'
  return subscriptionId((await requireSubscription(context, call, transaction)).subscriptionId)
}
