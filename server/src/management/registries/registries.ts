import { recordChange } from '../../audit/index.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { NameTakenError, type Registry, defaultSettings } from '../../resources/index.ts'
import { parseRegistryName } from '@acrux/shared/standards/azure/registry-name.ts'
import { readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { authorOf } from '../arm/authorship.ts'
import { ArmError, locationFixed, registryNotFound } from '../arm/errors.ts'
import { nameRule } from '../arm/path-scope.ts'
import {
  type RegistryBody,
  type RegistrySettings,
  type RequestMoment,
  registrySchema,
  requireSku,
  settingsAfter,
  settingsBeforePut,
  settingsOf,
} from './registry-body.ts'
import { type RegistryDocument, registryDocument, registryListResponse, registryResponse } from './registry-document.ts'
import { requireGroup, requireGroupIfKnown } from '../arm/resource-groups.ts'
import { requireCountsWithin } from './sku-limits.ts'
import { visibleResources } from '../arm/visibility.ts'

type Context = Pick<
  RegistriesContext,
  'access' | 'audit' | 'clock' | 'database' | 'onRegistriesChanged' | 'registry' | 'resources'
>

/** `GET …/registries` of a subscription or of a group: those that the caller may read. */
export async function listRegistries(
  context: Context,
  { caller, names, apiVersion }: ManagementCall,
): Promise<DocumentOf<typeof registryListResponse>> {
  const { subscriptionId, resourceGroup } = names
  const visible = await visibleResources(context, caller, 'Microsoft.ContainerRegistry/registries/read')
  if (resourceGroup !== '') await requireGroupIfKnown(context, caller, names)
  const registries = await context.resources.listRegistries(subscriptionId, resourceGroup || undefined)
  const shown = registries.filter(({ id }) => visible(id))
  return { value: shown.map((registry) => registryDocument(registry, apiVersion)) }
}
listRegistries.response = registryListResponse

/** `GET …/registries/{r}` */
export async function getRegistry(context: Context, { names, apiVersion }: ManagementCall): Promise<RegistryDocument> {
  return registryDocument(await requireRegistry(context, names), apiVersion)
}
getRegistry.response = registryResponse

/** `PUT …/registries/{r}`: creates a registry, or replaces its settings; a setting that the body does not name gets its default. */
export async function putRegistry(context: Context, call: ManagementCall): Promise<RegistryDocument> {
  const { names, apiVersion } = call
  if (parseRegistryName(names.registry) === undefined) throw new ArmError('invalidResourceName', nameRule)
  const body = readBody(call, putRegistry)
  if (body.location === undefined) {
    throw new ArmError('locationRequired', 'The location property is required for this definition.')
  }
  const { location } = body
  const { registry, created } = await recordChange(context, call, async (transaction) => {
    const present = await findRegistry(context, names, transaction)
    const placed = { ...body, location }
    const moment = { nowMs: context.clock.now(), apiVersion }
    const registry =
      present === undefined
        ? await createRegistry(context, call, transaction, placed)
        : await updateRegistry(context, call, transaction, { present, settings: replacement(present, placed, moment) })
    const result = { registry, created: present === undefined }
    const action = result.created ? 'registry.create' : 'registry.update'
    return { result, event: { action, target: result.registry.id, detail: auditDetail(result.registry) } }
  })
  if (created) await context.onRegistriesChanged()
  call.reply.code(created ? 201 : 200)
  return registryDocument(registry, apiVersion)
}
putRegistry.body = registrySchema
putRegistry.response = registryResponse

/** `PATCH …/registries/{r}`: changes the settings that the body names. */
export async function patchRegistry(context: Context, call: ManagementCall): Promise<RegistryDocument> {
  const body = readBody(call, patchRegistry)
  return recordChange(context, call, async (transaction) => {
    const present = await requireRegistry(context, call.names, transaction)
    const moment = { nowMs: context.clock.now(), apiVersion: call.apiVersion }
    const settings = settingsAfter(settingsOf(present), body, moment)
    const registry = await updateRegistry(context, call, transaction, { present, settings })
    const event = { action: 'registry.update', target: registry.id, detail: auditDetail(registry) }
    return { result: registryDocument(registry, call.apiVersion), event }
  })
}
patchRegistry.body = registrySchema
patchRegistry.response = registryResponse

/** `DELETE …/registries/{r}`: with its content, the role assignments on it, and its scoped tokens. 204 if it does not exist. */
export async function deleteRegistry(context: Context, call: ManagementCall): Promise<void> {
  const { resources, access, registry: content } = context
  const deleted = await recordChange(context, call, async (transaction) => {
    const registry = await findRegistry(context, call.names, transaction)
    if (registry === undefined) return { result: false, event: undefined }
    await resources.deleteRegistry(transaction, registry.rid)
    await content.deleteContent(transaction, registry.rid)
    await access.deleteAssignmentsBelow(transaction, registry.id)
    await access.deleteRegistryAccess(transaction, registry.rid)
    const event = { action: 'registry.delete', target: registry.id, detail: { rid: registry.rid } }
    return { result: true, event }
  })
  if (deleted) await context.onRegistriesChanged()
  call.reply.code(deleted ? 200 : 204)
}
deleteRegistry.response = 'none' as const

/** The registry that a path names, in its group and subscription and nowhere else. @throws ArmError 404 */
export async function requireRegistry(
  context: Pick<RegistriesContext, 'resources'>,
  names: ManagementCall['names'],
  transaction?: Transaction,
): Promise<Registry> {
  const registry = await findRegistry(context, names, transaction)
  if (registry !== undefined) return registry
  await requireGroup(context, names, transaction)
  throw registryNotFound(names.resourceGroup, names.registry)
}

/** The registry that a path names, in its group and subscription and nowhere else. */
export function findRegistry(
  { resources }: Pick<RegistriesContext, 'resources'>,
  { subscriptionId, resourceGroup, registry }: ManagementCall['names'],
  transaction?: Transaction,
): Promise<Registry | undefined> {
  return resources.findRegistry(subscriptionId, resourceGroup, registry, transaction)
}

type PlacedBody = RegistryBody & { readonly location: string }

async function createRegistry(
  context: Context,
  { caller, names, apiVersion }: ManagementCall,
  transaction: Transaction,
  body: PlacedBody,
): Promise<Registry> {
  const { subscriptionId, name: resourceGroup } = await requireGroup(context, names, transaction)
  requireSku(body.sku?.name)
  const nowMs = context.clock.now()
  const change = settingsAfter(defaultSettings(nowMs), body, { nowMs, apiVersion })
  const { registry: name } = names
  const { location } = body
  try {
    const author = authorOf(caller)
    const made = { subscriptionId, resourceGroup, name, location, change, author }
    return await context.resources.createRegistry(transaction, made)
  } catch (error) {
    if (error instanceof NameTakenError) throw nameInUse(name, error)
    throw error
  }
}

/** The settings of a registry after a PUT. @throws ArmError */
function replacement(present: Registry, body: PlacedBody, moment: RequestMoment): RegistrySettings {
  if (body.location !== present.location) throw locationFixed(present, body.location)
  requireSku(body.sku?.name)
  return keepingSince(present, settingsAfter(settingsBeforePut(settingsOf(present), moment), body, moment))
}

type RegistryUpdate = { readonly present: Registry; readonly settings: RegistrySettings }

/** Updates a registry. Another SKU must allow as many scope maps and tokens as the registry has. */
async function updateRegistry(
  context: Context,
  { caller }: ManagementCall,
  transaction: Transaction,
  { present, settings }: RegistryUpdate,
): Promise<Registry> {
  if (settings.sku !== present.sku) await requireCountsWithin(context, present, settings.sku, transaction)
  return context.resources.updateRegistry(transaction, present.rid, settings, authorOf(caller))
}

/** A PUT that enables retention again keeps the time since when it is enabled. */
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
