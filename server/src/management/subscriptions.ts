import type { Subscription } from '../resources/index.ts'
import { isWithinScope, subscriptionId } from '../standards/azure/resource-id.ts'
import type { ManagementCall, ManagementOptions } from './call.ts'
import { ArmError } from './errors.ts'
import { locations } from './locations.ts'
import { rolesAround } from './visibility.ts'

/** `GET /subscriptions`: those in which the caller has any role. */
export async function listSubscriptions(rooms: ManagementOptions, { caller }: ManagementCall): Promise<unknown> {
  const [subscriptions, roles] = await Promise.all([
    rooms.resources.listSubscriptions(),
    rolesAround(rooms, caller, '/'),
  ])
  const value = subscriptions
    .filter(({ subscriptionId: subscription }) => {
      const id = subscriptionId(subscription)
      return roles.some(({ scope }) => isWithinScope(scope, id) || isWithinScope(id, scope))
    })
    .map(subscriptionDocument)
  return { value, count: { type: 'Total', value: value.length } }
}

/** `GET /subscriptions/{s}` */
export async function getSubscription(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  return subscriptionDocument(await requireSubscription(rooms, call))
}

/** `GET /subscriptions/{s}/locations` */
export async function listLocations(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const { subscriptionId: subscription } = await requireSubscription(rooms, call)
  const value = locations.map(({ name, displayName, geography }) => ({
    id: `${subscriptionId(subscription)}/locations/${name}`,
    name,
    type: 'Region',
    displayName,
    regionalDisplayName: `(${geography}) ${displayName}`,
    metadata: { regionType: 'Physical', regionCategory: 'Recommended', geographyGroup: geography },
  }))
  return { value }
}

/** @throws ArmError 404; whoever may not know has been refused before. */
export async function requireSubscription(
  { resources }: ManagementOptions,
  { names }: ManagementCall,
): Promise<Subscription> {
  const subscription = await resources.findSubscription(names.subscriptionId)
  if (subscription !== undefined) return subscription
  throw new ArmError('subscriptionNotFound', `The subscription '${names.subscriptionId}' could not be found.`)
}

function subscriptionDocument({ subscriptionId: subscription, tenantId, displayName }: Subscription): object {
  return {
    id: subscriptionId(subscription),
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId: subscription,
    tenantId,
    displayName,
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  }
}
