import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { ArmError } from '../arm/errors.ts'
import { requireRegistry } from './registries.ts'
import { requireGroup } from '../arm/resource-groups.ts'
import { resourceGroupId, subscriptionId } from '../../standards/azure/resource-id.ts'

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

/** `GET …/registries/{r}/{type}` of a type that is not served: an empty list. */
export async function listUnserved(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  await requireRegistry(context, call.names)
  if (!unservedTypes.has(typeOf(call))) throw nothingHere()
  return { value: [] }
}

/** Every other request for a type or action that is not served: the error says so, and where to read more. */
export async function refuseUnserved(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  await requireRegistry(context, call.names)
  const type = typeOf(call)
  if (!unservedTypes.has(type) && !unservedActions.has(type)) throw nothingHere()
  throw notServed()
}

/** `GET` of resources that no registry has here, such as locks. */
export function listNone(): Promise<unknown> {
  return Promise.resolve({ value: [] })
}

/** `GET …/providers/Microsoft.Resources/tags/default`: the tags of a registry, a resource group or a subscription. */
export async function getTags(context: ManagementContext, { names }: ManagementCall): Promise<unknown> {
  const { id, tags } = await taggedAt(context, names)
  const type = 'Microsoft.Resources/tags'
  return { id: `${id}/providers/${type}/default`, name: 'default', type, properties: { tags } }
}

/** Everything else of such resources. */
export function refuseNone(): Promise<unknown> {
  return Promise.reject(notServed())
}

async function taggedAt(context: ManagementContext, names: ManagementCall['names']) {
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
    'This resource type is not served by this server. The supported types are listed in docs/reference/acr-compatibility.md of Acrux.',
  )
}

function nothingHere(): ArmError {
  return new ArmError('noRoute', 'There is no endpoint at this path.')
}
