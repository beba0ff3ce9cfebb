import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Subscription } from '../../resources/index.ts'
import { isWithinScope, subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ArmContext, ManagementCall } from './context.ts'
import { ArmError } from './errors.ts'
import { listOf, nextLink } from './response.ts'
import { rolesAround } from './visibility.ts'

type Context = Pick<ArmContext, 'access' | 'directory' | 'resources'>

/** The locations that are listed. Any other name is accepted too: a location is only a label. */
export const locations = [
  { name: 'local', displayName: 'Local', geography: 'Local' },
  { name: 'eastus', displayName: 'East US', geography: 'US' },
  { name: 'eastus2', displayName: 'East US 2', geography: 'US' },
  { name: 'centralus', displayName: 'Central US', geography: 'US' },
  { name: 'westus', displayName: 'West US', geography: 'US' },
  { name: 'westus2', displayName: 'West US 2', geography: 'US' },
  { name: 'northeurope', displayName: 'North Europe', geography: 'Europe' },
  { name: 'westeurope', displayName: 'West Europe', geography: 'Europe' },
  { name: 'uksouth', displayName: 'UK South', geography: 'UK' },
  { name: 'southeastasia', displayName: 'Southeast Asia', geography: 'Asia Pacific' },
  { name: 'japaneast', displayName: 'Japan East', geography: 'Asia Pacific' },
  { name: 'australiaeast', displayName: 'Australia East', geography: 'Asia Pacific' },
] as const

/** A subscription. [Azure Resource Manager, Subscriptions] */
const subscriptionResponse = z
  .strictObject({
    id: z.string(),
    authorizationSource: z.literal('RoleBased'),
    managedByTenants: z.array(z.never()),
    subscriptionId: z.string(),
    tenantId: z.string(),
    displayName: z.string(),
    state: z.literal('Enabled'),
    subscriptionPolicies: z.strictObject({
      locationPlacementId: z.string(),
      quotaId: z.string(),
      spendingLimit: z.literal('Off'),
    }),
  })
  .register(apiSchemas, { id: 'Subscription' })
type SubscriptionDocument = DocumentOf<typeof subscriptionResponse>

const subscriptionListResponse = z
  .strictObject({
    value: z.array(subscriptionResponse),
    nextLink,
    count: z.strictObject({ type: z.literal('Total'), value: z.int() }),
  })
  .register(apiSchemas, { id: 'SubscriptionList' })

/** `GET /subscriptions`: those in which the caller has any role. */
export async function listSubscriptions(
  context: Context,
  { caller }: ManagementCall,
): Promise<DocumentOf<typeof subscriptionListResponse>> {
  const [subscriptions, roles] = await Promise.all([
    context.resources.listSubscriptions(),
    rolesAround(context, caller, '/'),
  ])
  const value = subscriptions
    .filter(({ subscriptionId: subscription }) => {
      const id = subscriptionId(subscription)
      return roles.some(({ scope }) => isWithinScope(scope, id) || isWithinScope(id, scope))
    })
    .map(subscriptionDocument)
  return { value, count: { type: 'Total', value: value.length } }
}
listSubscriptions.response = subscriptionListResponse

/** `GET /subscriptions/{s}` */
export async function getSubscription(context: Context, call: ManagementCall): Promise<SubscriptionDocument> {
  return subscriptionDocument(await requireSubscription(context, call))
}
getSubscription.response = subscriptionResponse

/** A location. [Azure Resource Manager, Subscriptions - List Locations] */
const locationResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.literal('Region'),
    displayName: z.string(),
    regionalDisplayName: z.string(),
    metadata: z.strictObject({
      regionType: z.literal('Physical'),
      regionCategory: z.literal('Recommended'),
      geographyGroup: z.string(),
    }),
  })
  .register(apiSchemas, { id: 'Location' })

const locationListResponse = listOf(locationResponse)

/** `GET /subscriptions/{s}/locations` */
export async function listLocations(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof locationListResponse>> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  const value = locations.map(({ name, displayName, geography }) => ({
    id: `${subscriptionId(subscription)}/locations/${name}`,
    name,
    type: 'Region' as const,
    displayName,
    regionalDisplayName: `(${geography}) ${displayName}`,
    metadata: { regionType: 'Physical', regionCategory: 'Recommended', geographyGroup: geography } as const,
  }))
  return { value }
}
listLocations.response = locationListResponse

/** The subscription that a path names. @throws ArmError 404 */
export async function requireSubscription(
  { resources }: Pick<ArmContext, 'resources'>,
  { names }: ManagementCall,
  transaction?: Transaction,
): Promise<Subscription> {
  const subscription = await resources.findSubscription(names.subscriptionId, transaction)
  if (subscription !== undefined) return subscription
  throw new ArmError('subscriptionNotFound', `The subscription '${names.subscriptionId}' could not be found.`)
}

function subscriptionDocument({
  subscriptionId: subscription,
  tenantId,
  displayName,
}: Subscription): SubscriptionDocument {
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

/** A tenant. [Azure Resource Manager, Tenants] */
const tenantResponse = z
  .strictObject({
    id: z.string(),
    tenantId: z.string(),
    displayName: z.string(),
    defaultDomain: z.string(),
    domains: z.array(z.string()),
    tenantCategory: z.literal('Home'),
    tenantType: z.literal('AAD'),
  })
  .register(apiSchemas, { id: 'Tenant' })

const tenantListResponse = listOf(tenantResponse)

/** `GET /tenants`: the one tenant of the server. [az-cli-wire §3.4] */
export async function listTenants({ directory }: Context): Promise<DocumentOf<typeof tenantListResponse>> {
  const { tenantId, displayName, defaultDomain } = await directory.tenant()
  const tenant = {
    id: `/tenants/${tenantId}`,
    tenantId,
    displayName,
    defaultDomain,
    domains: [defaultDomain],
    tenantCategory: 'Home',
    tenantType: 'AAD',
  } as const
  return { value: [tenant] }
}
listTenants.response = tenantListResponse
