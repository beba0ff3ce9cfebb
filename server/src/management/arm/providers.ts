import { subscriptionId } from '../../standards/azure/resource-id.ts'
import type { ManagementCall, ManagementContext } from './context.ts'
import { ArmError } from './errors.ts'
import { locations, requireSubscription } from './subscriptions.ts'

const registryVersions = ['2025-03-01-preview', '2024-11-01-preview', '2023-07-01', '2023-01-01-preview', '2019-05-01']

/** The resource providers that are served, with the types of each and the versions that clients choose from. */
const providers: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'Microsoft.Authorization': {
    roleAssignments: ['2022-04-01', '2020-04-01-preview', '2015-07-01'],
    roleDefinitions: ['2022-05-01-preview', '2022-04-01', '2015-07-01'],
  },
  'Microsoft.ContainerRegistry': {
    registries: registryVersions,
    checkNameAvailability: registryVersions,
  },
  'Microsoft.HybridCompute': {
    machines: ['2024-07-10', '2022-12-27'],
  },
  'Microsoft.ManagedIdentity': {
    userAssignedIdentities: ['2025-01-31-preview', '2023-01-31', '2018-11-30'],
    'userAssignedIdentities/federatedIdentityCredentials': ['2025-01-31-preview', '2023-01-31'],
  },
  'Microsoft.Resources': {
    subscriptions: ['2022-12-01', '2016-06-01'],
    resourceGroups: ['2024-11-01', '2021-04-01'],
    tenants: ['2022-12-01', '2016-06-01'],
  },
}

/** The types whose resources have a location and tags. */
const placedTypes = new Set(['registries', 'machines', 'userAssignedIdentities'])

/** The namespaces of the providers. */
export const providerNamespaces = Object.keys(providers)

/** The versions of a resource type, as `api-supported-versions` lists them. */
export const registryVersionsHeader = registryVersions.toReversed().join(', ')

/** `GET /subscriptions/{s}/providers` */
export async function listProviders(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  return { value: providerNamespaces.map((namespace) => providerDocument(subscription, namespace)) }
}

/** `GET /subscriptions/{s}/providers/{namespace}` */
export async function getProvider(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  const wanted = call.names.name.toLowerCase()
  const namespace = providerNamespaces.find((candidate) => candidate.toLowerCase() === wanted)
  if (namespace === undefined) {
    throw new ArmError('namespaceNotFound', 'The resource namespace is not served by this server.')
  }
  return providerDocument(subscription, namespace)
}

/** `POST /subscriptions/{s}/providers/{namespace}/register`: every provider is registered from the start. */
export function registerProvider(namespace: string) {
  return async (context: ManagementContext, call: ManagementCall): Promise<unknown> => {
    const { subscriptionId: subscription } = await requireSubscription(context, call)
    return providerDocument(subscription, namespace)
  }
}

function providerDocument(subscription: string, namespace: string): object {
  const placed = locations.map(({ displayName }) => displayName)
  const resourceTypes = Object.entries(providers[namespace] ?? {}).map(([resourceType, apiVersions]) => ({
    resourceType,
    locations: placedTypes.has(resourceType) ? placed : [],
    apiVersions,
    capabilities: placedTypes.has(resourceType) ? 'SupportsTags, SupportsLocation' : 'None',
  }))
  return {
    id: `${subscriptionId(subscription)}/providers/${namespace}`,
    namespace,
    resourceTypes,
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationRequired',
  }
}
