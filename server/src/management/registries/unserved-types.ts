import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { ArmError, childNotFound } from '../arm/errors.ts'
import { emptyListResponse, tagsRecord } from '../arm/response.ts'
import { requireRegistry } from './registries.ts'
import { requireGroup } from '../arm/resource-groups.ts'
import { resourceGroupId, subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'

type Context = Pick<RegistriesContext, 'resources'>

/** The resource types within a registry that Azure has and this server does not, by the last part of the path. [azure-mgmt-containerregistry] */
const unservedTypes: ReadonlySet<string> = new Set(
  [
    'agentPools',
    'archives',
    'buildTasks',
    'builds',
    'cacheRules',
    'connectedRegistries',
    'credentialSets',
    'exportPipelines',
    'importPipelines',
    'pipelineRuns',
    'privateEndpointConnections',
    'privateLinkResources',
    'replications',
    'runs',
    'taskRuns',
    'tasks',
    'webhooks',
  ].map((type) => type.toLowerCase()),
)

/** The actions on a registry that Azure has and this server does not. */
const unservedActions: ReadonlySet<string> = new Set(
  ['listBuildSourceUploadUrl', 'scheduleRun', 'listPolicies', 'updatePolicies', 'queueBuild'].map((name) =>
    name.toLowerCase(),
  ),
)

type EmptyList = DocumentOf<typeof emptyListResponse>

/** The tags of a resource. [Azure Resource Manager, Tags] */
const tagsResponse = z
  .strictObject({
    id: z.string(),
    name: z.literal('default'),
    type: z.literal('Microsoft.Resources/tags'),
    properties: z.strictObject({ tags: tagsRecord }),
  })
  .register(apiSchemas, { id: 'Tags' })

/** `GET …/registries/{r}/{type}` of a type that is not served: an empty list. */
export async function listUnserved(context: Context, call: ManagementCall): Promise<EmptyList> {
  await requireRegistry(context, call.names)
  if (!unservedTypes.has(typeOf(call))) throw notFound()
  return { value: [] }
}
listUnserved.response = emptyListResponse

/** `GET …/registries/{r}/{type}/{name}` of a type that is not served: there is none of that name. */
export async function getUnserved(context: Context, call: ManagementCall): Promise<never> {
  await requireRegistry(context, call.names)
  throw unservedTypes.has(typeOf(call)) ? childNotFound(call.names.name) : notFound()
}
getUnserved.response = 'none' as const

/** Every other request for a type or action that is not served: an error with a link. */
export async function rejectUnserved(context: Context, call: ManagementCall): Promise<never> {
  await requireRegistry(context, call.names)
  const type = typeOf(call)
  if (!unservedTypes.has(type) && !unservedActions.has(type)) throw notFound()
  throw notServed()
}
rejectUnserved.response = 'none' as const

/** `GET` of resources that this server does not support, such as locks: an empty list. */
export function listNone(): Promise<EmptyList> {
  return Promise.resolve({ value: [] })
}
listNone.response = emptyListResponse

/** `GET` of one of them: there is none of that name. */
export function getNone(_context: Context, { names }: ManagementCall): Promise<never> {
  return Promise.reject(childNotFound(names.name))
}
getNone.response = 'none' as const

/** `GET …/providers/Microsoft.Resources/tags/default`: the tags of a registry, a resource group or a subscription. */
export async function getTags(context: Context, { names }: ManagementCall): Promise<DocumentOf<typeof tagsResponse>> {
  const { id, tags } = await taggedAt(context, names)
  const type = 'Microsoft.Resources/tags'
  return { id: `${id}/providers/${type}/default`, name: 'default', type, properties: { tags } }
}
getTags.response = tagsResponse

/** Every other request for such resources. */
export function rejectNone(): Promise<never> {
  return Promise.reject(notServed())
}
rejectNone.response = 'none' as const

async function taggedAt(context: Context, names: ManagementCall['names']) {
  if (names.registry !== '') return requireRegistry(context, names)
  if (names.resourceGroup === '') return { id: subscriptionId(names.subscriptionId), tags: {} }
  const { name, tags } = await requireGroup(context, names)
  return { id: resourceGroupId(names.subscriptionId, name), tags }
}

function typeOf({ request }: ManagementCall): string {
  return ((request.params as Readonly<Record<string, string | undefined>>).type ?? '').toLowerCase()
}

function notServed(): ArmError {
  return new ArmError(
    'notServed',
    'This resource type is not served by this server. See docs/reference/acr-compatibility.md of Acrux.',
  )
}

function notFound(): ArmError {
  return new ArmError('noRoute', 'There is no endpoint at this path.')
}
