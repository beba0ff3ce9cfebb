import { recordChange } from '../../audit/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { NameTakenError, type Registry, defaultSettings } from '../../resources/index.ts'
import { parseRegistryName } from '../../standards/azure/registry-name.ts'
import { readBody } from '../arm/body.ts'
import type { ManagementCall, ManagementOptions } from '../arm/context.ts'
import { authorOf } from '../arm/authorship.ts'
import { ArmError, locationFixed, registryNotFound } from '../arm/errors.ts'
import { nameRule } from '../arm/path-scope.ts'
import {
  type RegistryBody,
  type RegistrySettings,
  registrySchema,
  requireSku,
  settingsAfter,
  settingsOf,
} from './registry-body.ts'
import { registryDocument } from './registry-document.ts'
import { requireGroup, requireGroupIfKnown } from '../arm/resource-groups.ts'
import { requireCountsWithin } from './sku-limits.ts'
import { visibleResources } from '../arm/visibility.ts'

/** `GET …/registries` of a subscription or of a group: those that the caller may read. */
export async function listRegistries(rooms: ManagementOptions, { caller, names }: ManagementCall): Promise<unknown> {
  const { subscriptionId, resourceGroup } = names
  const visible = await visibleResources(rooms, caller, 'Microsoft.ContainerRegistry/registries/read')
  if (resourceGroup !== '') await requireGroupIfKnown(rooms, caller, names)
  const registries = await rooms.resources.listRegistries(subscriptionId, resourceGroup || undefined)
  return { value: registries.filter(({ id }) => visible(id)).map(registryDocument) }
}

/** `GET …/registries/{r}` */
export async function getRegistry(rooms: ManagementOptions, { names }: ManagementCall): Promise<unknown> {
  return registryDocument(await requireRegistry(rooms, names))
}

/** `PUT …/registries/{r}`: makes a registry, or replaces the settings of one; what the body does not name gets its default. */
export async function putRegistry(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const { names } = call
  if (parseRegistryName(names.registry) === undefined) throw new ArmError('invalidResourceName', nameRule)
  const body = readBody(call, putRegistry)
  if (body.location === undefined) {
    throw new ArmError('locationRequired', 'The location property is required for this definition.')
  }
  const { location } = body
  const { registry, created } = await recordChange(rooms, call, async (transaction) => {
    const present = await findRegistry(rooms, names, transaction)
    const result =
      present === undefined
        ? { registry: await createRegistry(rooms, call, transaction, { ...body, location }), created: true }
        : { registry: await replaceRegistry(rooms, call, transaction, present, { ...body, location }), created: false }
    const action = result.created ? 'registry.create' : 'registry.update'
    return { result, event: { action, target: result.registry.id, detail: auditDetail(result.registry) } }
  })
  if (created) await rooms.onRegistriesChanged()
  return call.reply.code(created ? 201 : 200).send(registryDocument(registry))
}
putRegistry.body = registrySchema

/** `PATCH …/registries/{r}`: changes what the body names. */
export async function patchRegistry(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const body = readBody(call, patchRegistry)
  return recordChange(rooms, call, async (transaction) => {
    const present = await requireRegistry(rooms, call.names, transaction)
    const settings = settingsAfter(settingsOf(present), body, rooms.clock.now())
    const registry = await updateRegistry(rooms, call, transaction, present, settings)
    const event = { action: 'registry.update', target: registry.id, detail: auditDetail(registry) }
    return { result: registryDocument(registry), event }
  })
}
patchRegistry.body = registrySchema

/** `DELETE …/registries/{r}`: with all that it holds, every role that was given on it, and its scoped tokens. 204 when there is none. */
export async function deleteRegistry(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const { resources, access, registry: content } = rooms
  const deleted = await recordChange(rooms, call, async (transaction) => {
    const registry = await findRegistry(rooms, call.names, transaction)
    if (registry === undefined) return { result: false, event: undefined }
    await resources.deleteRegistry(transaction, registry.rid)
    await content.deleteContent(transaction, registry.rid)
    await access.deleteAssignmentsBelow(transaction, registry.id)
    await access.deleteRegistryAccess(transaction, registry.rid)
    const event = { action: 'registry.delete', target: registry.id, detail: { rid: registry.rid } }
    return { result: true, event }
  })
  if (deleted) await rooms.onRegistriesChanged()
  return call.reply.code(deleted ? 200 : 204).send()
}

/** The registry that a path names, in its group and subscription and nowhere else. @throws ArmError 404 */
export async function requireRegistry(
  rooms: ManagementOptions,
  names: ManagementCall['names'],
  transaction?: Transaction,
): Promise<Registry> {
  const registry = await findRegistry(rooms, names, transaction)
  if (registry !== undefined) return registry
  await requireGroup(rooms, names, transaction)
  throw registryNotFound(names.resourceGroup, names.registry)
}

function findRegistry(
  { resources }: ManagementOptions,
  { subscriptionId, resourceGroup, registry }: ManagementCall['names'],
  transaction: Transaction | undefined,
): Promise<Registry | undefined> {
  return resources.findRegistry(subscriptionId, resourceGroup, registry, transaction)
}

type PlacedBody = RegistryBody & { readonly location: string }

async function createRegistry(
  rooms: ManagementOptions,
  { caller, names }: ManagementCall,
  transaction: Transaction,
  body: PlacedBody,
): Promise<Registry> {
  const { subscriptionId, name: resourceGroup } = await requireGroup(rooms, names, transaction)
  requireSku(body.sku?.name)
  const nowMs = rooms.clock.now()
  const change = settingsAfter(defaultSettings(nowMs), body, nowMs)
  const { registry: name } = names
  const { location } = body
  try {
    const author = authorOf(caller)
    const made = { subscriptionId, resourceGroup, name, location, change, author }
    return await rooms.resources.createRegistry(transaction, made)
  } catch (error) {
    if (error instanceof NameTakenError) throw nameInUse(name, error)
    throw error
  }
}

async function replaceRegistry(
  rooms: ManagementOptions,
  call: ManagementCall,
  transaction: Transaction,
  present: Registry,
  body: PlacedBody,
): Promise<Registry> {
  if (body.location !== present.location) throw locationFixed(present, body.location)
  requireSku(body.sku?.name)
  const nowMs = rooms.clock.now()
  const settings = keepingSince(present, settingsAfter(defaultSettings(nowMs), body, nowMs))
  return updateRegistry(rooms, call, transaction, present, settings)
}

/** A SKU that is another is one that gives all that the registry has. */
async function updateRegistry(
  rooms: ManagementOptions,
  { caller }: ManagementCall,
  transaction: Transaction,
  present: Registry,
  settings: RegistrySettings,
): Promise<Registry> {
  if (settings.sku !== present.sku) await requireCountsWithin(rooms, present, settings.sku, transaction)
  return rooms.resources.updateRegistry(transaction, present.rid, settings, authorOf(caller))
}

/** A PUT that says again that manifests are retained does not begin anew with it. */
function keepingSince({ policies: before }: Registry, settings: RegistrySettings): RegistrySettings {
  const { retentionPolicy } = settings.policies
  if (before.retentionPolicy.status === 'disabled' || retentionPolicy.status === 'disabled') return settings
  const { enabledAtMs } = before.retentionPolicy
  return { ...settings, policies: { ...settings.policies, retentionPolicy: { ...retentionPolicy, enabledAtMs } } }
}

function auditDetail({ rid, sku, adminUserEnabled, anonymousPullEnabled, roleAssignmentMode }: Registry) {
  return { rid, sku, adminUserEnabled, anonymousPullEnabled, roleAssignmentMode }
}

function nameInUse(name: string, cause: Error): ArmError {
  const message = `The registry name ${name} is already in use. You can check if the name is already claimed using following API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/check-name-availability`
  return new ArmError('nameInUse', message, { cause })
}
