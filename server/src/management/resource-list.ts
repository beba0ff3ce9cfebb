import { z } from 'zod'
import type { ManagedIdentityKind } from '../directory/index.ts'
import { type DocumentOf, apiSchemas } from '../platform/http/api-schema.ts'
import type { ManagementCall } from './arm/context.ts'
import type { ManagementContext } from './context.ts'
import { readFilter, unsupportedFilter } from './arm/query.ts'
import { listOf, tagsRecord } from './arm/response.ts'
import { machineType } from './identities/machines.ts'
import { userAssignedIdentityType } from './identities/managed-identities.ts'
import { type TagFilter, readTagFilter } from './arm/tag-filter.ts'
import { visibleResources } from './arm/visibility.ts'

type Context = Pick<ManagementContext, 'access' | 'directory' | 'resources'>

const sku = z.enum(['Basic', 'Standard', 'Premium'])

/** A resource of any type; a registry has a SKU. [Azure Resource Manager, Resources - List] */
const resourceResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    sku: z.strictObject({ name: sku, tier: sku }).optional(),
    location: z.string(),
    tags: tagsRecord,
  })
  .register(apiSchemas, { id: 'Resource' })
type ResourceDocument = DocumentOf<typeof resourceResponse>

const resourceListResponse = listOf(resourceResponse)

/** `GET /subscriptions/{s}/resources`: with this, `az` finds a registry if no group is named. [az-cli-wire §4, LIST] */
export async function listResources(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof resourceListResponse>> {
  const { caller, names, request } = call
  const { type, group, matches } = readWanted(request)
  const value: ResourceDocument[] = []
  for (const [listedType, list] of Object.entries(lists)) {
    if (type !== undefined && type !== listedType.toLowerCase()) continue
    const visible = await visibleResources(context, caller, `${listedType}/read`)
    const found = await list(context, names.subscriptionId, group)
    for (const resource of found) {
      if (visible(resource.id) && matches(resource.tags)) value.push({ ...resource, type: listedType })
    }
  }
  return { value }
}
listResources.response = resourceListResponse

type Listed = Omit<ResourceDocument, 'type'>

/** How the resources of each type are listed, in a subscription or in a group. */
const lists: Readonly<
  Record<string, (context: Context, subscription: string, group: string | undefined) => Promise<Listed[]>>
> = {
  'Microsoft.ContainerRegistry/registries': async ({ resources }, subscription, group) =>
    (await resources.listRegistries(subscription, group)).map(({ id, name, location, sku, tags }) => ({
      id,
      name,
      sku: { name: sku, tier: sku },
      location,
      tags,
    })),
  [machineType]: (context, subscription, group) => listManaged(context, subscription, 'machine', group),
  [userAssignedIdentityType]: (context, subscription, group) =>
    listManaged(context, subscription, 'user-assigned', group),
}

async function listManaged(
  { directory }: Context,
  subscription: string,
  kind: ManagedIdentityKind,
  resourceGroup: string | undefined,
): Promise<Listed[]> {
  const identities = await directory.managedIdentities.list(subscription, { kind, resourceGroup })
  return identities.map(({ id, name, location, tags }) => ({ id, name, location, tags }))
}

type Wanted = {
  readonly type: string | undefined
  readonly group: string | undefined
  readonly matches: TagFilter['matches']
}

/** The type and the group, in lower case, that the resources must be of, undefined for any; and the tags that they must have. */
function readWanted(request: ManagementCall['request']): Wanted {
  const wanted = new Map<string, string>()
  const { matches, others } = readTagFilter(readFilter(request))
  for (const term of others) {
    const isKnown = term.form === 'equals' && (term.name === 'resourcetype' || term.name === 'resourcegroup')
    if (!isKnown || wanted.has(term.name)) throw unsupportedFilter()
    wanted.set(term.name, term.value.toLowerCase())
  }
  return { type: wanted.get('resourcetype'), group: wanted.get('resourcegroup'), matches }
}
