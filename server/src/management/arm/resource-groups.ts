import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { ResourceGroup } from '../../resources/index.ts'
import { resourceGroupId } from '@acrux/shared/standards/azure/resource-id.ts'
import { locationSchema, optional, proseOf, readBody, tagsSchema } from './body.ts'
import type { ArmContext, ManagementCall } from './context.ts'
import { ArmError, groupNotFound, throwAsArm } from './errors.ts'
import { readFilter, unsupportedFilter } from './query.ts'
import { listOf, tagsRecord } from './response.ts'
import { requireSubscription } from './subscriptions.ts'
import { readTagFilter } from './tag-filter.ts'
import { visibleContainers } from './visibility.ts'

type Context = Pick<
  ArmContext,
  'access' | 'audit' | 'database' | 'directory' | 'onRegistriesChanged' | 'registry' | 'resources'
>

/** The id of the resource that manages a group: text without control characters. */
const managedBy = optional(
  proseOf(1024).refine((text) => !/[\t\n\r]/.test(text), { error: 'must be the id of a resource' }),
)

const putSchema = z.object({ location: optional(locationSchema), tags: optional(tagsSchema), managedBy })
const patchSchema = z.object({ tags: optional(tagsSchema), managedBy })

/** A resource group. [Azure Resource Manager, Resource Groups] */
const groupResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.literal('Microsoft.Resources/resourceGroups'),
    location: z.string(),
    managedBy: z.string().optional(),
    tags: tagsRecord.optional(),
    properties: z.strictObject({ provisioningState: z.literal('Succeeded') }),
  })
  .register(apiSchemas, { id: 'ResourceGroup' })
type GroupDocument = DocumentOf<typeof groupResponse>

const groupListResponse = listOf(groupResponse)

/** `GET /subscriptions/{s}/resourceGroups`: those that the caller may read, or in which the caller may read something. */
export async function listResourceGroups(
  context: Context,
  { caller, names, request }: ManagementCall,
): Promise<DocumentOf<typeof groupListResponse>> {
  const { matches, others } = readTagFilter(readFilter(request))
  if (others.length > 0) throw unsupportedFilter()
  const visible = await visibleContainers(context, caller, 'Microsoft.Resources/subscriptions/resourceGroups/read')
  const groups = await context.resources.listResourceGroups(names.subscriptionId)
  return { value: groups.filter((group) => visible(idOf(group)) && matches(group.tags)).map(groupDocument) }
}
listResourceGroups.response = groupListResponse

/** `GET /subscriptions/{s}/resourceGroups/{g}` */
export async function getResourceGroup(context: Context, { names }: ManagementCall): Promise<GroupDocument> {
  return groupDocument(await requireGroup(context, names))
}
getResourceGroup.response = groupResponse

/** `HEAD /subscriptions/{s}/resourceGroups/{g}`: 204 if it exists. */
export async function headResourceGroup(context: Context, call: ManagementCall): Promise<void> {
  await requireGroup(context, call.names)
  call.reply.code(204)
}
headResourceGroup.response = 'none' as const

/** `PUT /subscriptions/{s}/resourceGroups/{g}`: 201 if it is new. Its location never changes. */
export async function putResourceGroup(context: Context, call: ManagementCall): Promise<GroupDocument> {
  const { location, tags = {}, managedBy } = readBody(call, putResourceGroup)
  if (location === undefined) {
    throw new ArmError('locationRequired', 'The location property is required for this definition.')
  }
  const { subscriptionId } = await requireSubscription(context, call)
  const name = call.names.resourceGroup
  const { group, created } = await recordChange(context, call, async (transaction) => {
    const present = await context.resources.findResourceGroup(subscriptionId, name, transaction)
    if (present !== undefined && present.location !== location) throw groupLocationFixed(present, location)
    const wanted = { subscriptionId, name, location, tags, managedBy }
    const result = await context.resources.putResourceGroup(transaction, wanted)
    const action = result.created ? 'resource-group.create' : 'resource-group.update'
    return { result, event: { action, target: idOf(result.group) } }
  })
  call.reply.code(created ? 201 : 200)
  return groupDocument(group)
}
putResourceGroup.body = putSchema
putResourceGroup.response = groupResponse

/** `PATCH /subscriptions/{s}/resourceGroups/{g}`: replaces the tags and the manager. */
export async function patchResourceGroup(context: Context, call: ManagementCall): Promise<GroupDocument> {
  const { tags, managedBy } = readBody(call, patchResourceGroup)
  return recordChange(context, call, async (transaction) => {
    const present = await requireGroup(context, call.names, transaction)
    const wanted = { ...present, tags: tags ?? present.tags, managedBy: managedBy ?? present.managedBy }
    const { group } = await context.resources.putResourceGroup(transaction, wanted)
    return { result: groupDocument(group), event: { action: 'resource-group.update', target: idOf(group) } }
  })
}
patchResourceGroup.body = patchSchema
patchResourceGroup.response = groupResponse

/** `DELETE /subscriptions/{s}/resourceGroups/{g}`: with its resources, their content, and the role assignments on them. */
export async function deleteResourceGroup(context: Context, call: ManagementCall): Promise<void> {
  const { resources, access, registry, directory } = context
  const registries = await recordChange(context, call, async (transaction) => {
    const group = await requireGroup(context, call.names, transaction)
    const result = await resources.deleteResourceGroup(transaction, group.subscriptionId, group.name)
    for (const { rid } of result) {
      await registry.deleteContent(transaction, rid)
      await access.deleteRegistryAccess(transaction, rid)
    }
    const identities = await directory.managedIdentities
      .deleteInGroup(transaction, group.subscriptionId, group.name)
      .catch(throwAsArm)
    await access.deleteAssignmentsBelow(transaction, idOf(group))
    const detail = {
      registries: result.map(({ name, rid }) => ({ name, rid })),
      managedIdentities: identities.map(({ id, objectId }) => ({ id, objectId })),
    }
    return { result, event: { action: 'resource-group.delete', target: idOf(group), detail } }
  })
  if (registries.length > 0) await context.onRegistriesChanged()
}
deleteResourceGroup.response = 'none' as const

/** The group that a path names. @throws ArmError 404 */
export async function requireGroup(
  { resources }: Pick<ArmContext, 'resources'>,
  { subscriptionId, resourceGroup }: ManagementCall['names'],
  transaction?: Transaction,
): Promise<ResourceGroup> {
  const group = await resources.findResourceGroup(subscriptionId, resourceGroup, transaction)
  if (group === undefined) throw groupNotFound(resourceGroup)
  return group
}

/**
 * Requires the group to exist, for a caller who may read it. Other callers get an empty list of its
 * resources, whether or not the group exists.
 *
 * @throws ArmError 404
 */
export async function requireGroupIfKnown(
  context: Pick<ArmContext, 'access' | 'resources'>,
  { rights }: ManagementCall['caller'],
  names: ManagementCall['names'],
): Promise<void> {
  const scope = resourceGroupId(names.subscriptionId, names.resourceGroup)
  const mayKnow = await context.access.mayManage(rights, 'Microsoft.Resources/subscriptions/resourceGroups/read', scope)
  const group = await context.resources.findResourceGroup(names.subscriptionId, names.resourceGroup)
  if (mayKnow && group === undefined) throw groupNotFound(names.resourceGroup)
}

function groupLocationFixed({ location }: ResourceGroup, wanted: string): ArmError {
  const message = `Invalid resource group location '${wanted}'. The Resource group already exists in location '${location}'.`
  return new ArmError('groupLocationFixed', message)
}

function idOf({ subscriptionId, name }: ResourceGroup): string {
  return resourceGroupId(subscriptionId, name)
}

function groupDocument(group: ResourceGroup): GroupDocument {
  return {
    id: idOf(group),
    name: group.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: group.location,
    ...(group.managedBy !== undefined && { managedBy: group.managedBy }),
    ...(Object.keys(group.tags).length > 0 && { tags: group.tags }),
    properties: { provisioningState: 'Succeeded' },
  }
}
