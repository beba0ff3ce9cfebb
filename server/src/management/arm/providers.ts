import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ArmContext, ManagementCall } from './context.ts'
import { apiVersions } from './api-versions.ts'
import { ArmError } from './errors.ts'
import { listOf } from './response.ts'
import { locations, requireSubscription } from './subscriptions.ts'

type Context = Pick<ArmContext, 'resources'>

/** The types whose resources have a location and tags. */
const placedTypes = new Set(['registries', 'machines', 'userAssignedIdentities'])

/** The namespaces of the providers. */
export const providerNamespaces = Object.keys(apiVersions)

/** A resource provider. [Azure Resource Manager, Providers] */
const providerResponse = z
  .strictObject({
    id: z.string(),
    namespace: z.string(),
    resourceTypes: z.array(
      z.strictObject({
        resourceType: z.string(),
        locations: z.array(z.string()),
        apiVersions: z.array(z.string()),
        capabilities: z.enum(['SupportsTags, SupportsLocation', 'None']),
      }),
    ),
    registrationState: z.literal('Registered'),
    registrationPolicy: z.literal('RegistrationRequired'),
  })
  .register(apiSchemas, { id: 'Provider' })
type ProviderDocument = DocumentOf<typeof providerResponse>

const providerListResponse = listOf(providerResponse)

/** `GET /subscriptions/{s}/providers` */
export async function listProviders(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof providerListResponse>> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  return { value: providerNamespaces.map((namespace) => providerDocument(subscription, namespace)) }
}
listProviders.response = providerListResponse

/** `GET /subscriptions/{s}/providers/{namespace}` */
export async function getProvider(context: Context, call: ManagementCall): Promise<ProviderDocument> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  const wanted = call.names.name.toLowerCase()
  const namespace = providerNamespaces.find((candidate) => candidate.toLowerCase() === wanted)
  if (namespace === undefined) {
    throw new ArmError('namespaceNotFound', 'The resource namespace is not served by this server.')
  }
  return providerDocument(subscription, namespace)
}
getProvider.response = providerResponse

/** `POST /subscriptions/{s}/providers/{namespace}/register`: every provider is registered from the start. */
export function registerProvider(namespace: string) {
  const handle = async (context: Context, call: ManagementCall): Promise<ProviderDocument> => {
    const { subscriptionId: subscription } = await requireSubscription(context, call)
    return providerDocument(subscription, namespace)
  }
  return Object.assign(handle, { body: 'none' as const, response: providerResponse })
}

function providerDocument(subscription: string, namespace: string): ProviderDocument {
  const placed = locations.map(({ displayName }) => displayName)
  const resourceTypes = Object.entries(apiVersions[namespace] ?? {}).map(([resourceType, versions]) => ({
    resourceType,
    locations: placedTypes.has(resourceType) ? placed : [],
    apiVersions: [...versions],
    capabilities: placedTypes.has(resourceType) ? ('SupportsTags, SupportsLocation' as const) : ('None' as const),
  }))
  return {
    id: `${subscriptionId(subscription)}/providers/${namespace}`,
    namespace,
    resourceTypes,
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationRequired',
  }
}
