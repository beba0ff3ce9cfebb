import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import { type ScopeMap, ScopeMapInUseError } from '../../authorization/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Registry } from '../../resources/index.ts'
import { formatArmTime } from '@acrux/shared/standards/azure/acr-time.ts'
import { formatScopeMapAction, parseScopeMapAction } from '@acrux/shared/standards/azure/scope-map-action.ts'
import { optional, proseOf, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { authorOf, systemData, systemDataResponse } from '../arm/authorship.ts'
import { ArmError, childNotFound } from '../arm/errors.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireRegistry } from './registries.ts'
import { childId, childNameIn, isChildName } from './registry-child.ts'
import { requireCapacity } from './sku-limits.ts'

type Context = Pick<RegistriesContext, 'access' | 'audit' | 'database' | 'resources'>

/** The maximum number of actions of a scope map. [Azure/acr, connected registry, known limitations] */
const maxActions = 500

const scopeMapSchema = z.object({
  properties: optional(
    z.object({ description: optional(proseOf(256)), actions: optional(z.array(z.string()).max(10_000)) }),
  ),
})

/** A scope map. [azure-mgmt-containerregistry, ScopeMap] */
const scopeMapResponse = z
  .strictObject({
    type: z.literal('Microsoft.ContainerRegistry/registries/scopeMaps'),
    id: z.string(),
    name: z.string(),
    systemData: systemDataResponse.optional(),
    properties: z.strictObject({
      description: z.string().optional(),
      type: z.enum(['SystemDefined', 'UserDefined']),
      creationDate: timeText,
      provisioningState: z.literal('Succeeded'),
      actions: z.array(z.string()),
    }),
  })
  .register(apiSchemas, { id: 'ScopeMap' })
type ScopeMapDocument = DocumentOf<typeof scopeMapResponse>

const scopeMapListResponse = listOf(scopeMapResponse)

/** `GET …/scopeMaps`: the system-defined and the custom ones. */
export async function listScopeMaps(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof scopeMapListResponse>> {
  const registry = await requireRegistry(context, names)
  const maps = await context.access.scopeMaps.list(registry.rid)
  return { value: maps.map((map) => scopeMapDocument(registry, map)) }
}
listScopeMaps.response = scopeMapListResponse

/** `GET …/scopeMaps/{m}` */
export async function getScopeMap(context: Context, { names }: ManagementCall): Promise<ScopeMapDocument> {
  const registry = await requireRegistry(context, names)
  return scopeMapDocument(registry, await requireScopeMap(context, registry, names.name))
}
getScopeMap.response = scopeMapResponse

/** `PUT …/scopeMaps/{m}`: creates a scope map, or replaces it as a whole. */
export async function putScopeMap(context: Context, call: ManagementCall): Promise<ScopeMapDocument> {
  const { name } = call.names
  const { properties } = readBody(call, putScopeMap)
  const actions = requireActions(properties?.actions ?? [])
  const { scopeMaps } = context.access
  return recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const { rid, sku } = registry
    if (!isChildName('scopeMaps', name)) throw new ArmError('invalidResourceName', nameRule)
    const present = await scopeMaps.find(rid, name, transaction)
    if (isUnchanged(present, actions, properties?.description)) {
      return { result: scopeMapDocument(registry, present), event: undefined }
    }
    rejectSystemDefined(name, present)
    if (present === undefined) {
      requireCapacity(sku, 'ScopeMaps', await scopeMaps.count(rid, transaction))
    }
    const wanted = { name, description: properties?.description, actions }
    const { map, created } = await scopeMaps.put(transaction, rid, wanted, authorOf(call.caller))
    const event = { ...eventOf(registry, map), action: created ? 'scope-map.create' : 'scope-map.update' }
    return { result: scopeMapDocument(registry, map), event }
  })
}
putScopeMap.body = scopeMapSchema
putScopeMap.response = scopeMapResponse

/** `PATCH …/scopeMaps/{m}`: replaces the properties that the body names, the actions as a whole. [arm-facts §1] */
export async function patchScopeMap(context: Context, call: ManagementCall): Promise<ScopeMapDocument> {
  const { properties } = readBody(call, patchScopeMap)
  const actions = properties?.actions && requireActions(properties.actions)
  const document = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const present = await requireScopeMap(context, registry, call.names.name, transaction)
    rejectSystemDefined(present.name, present)
    const { name } = present
    const description = properties?.description ?? present.description
    const wanted = { name, description, actions: actions ?? present.actions }
    const { map } = await context.access.scopeMaps.put(transaction, registry.rid, wanted, authorOf(call.caller))
    const event = { ...eventOf(registry, map), action: 'scope-map.update' }
    return { result: scopeMapDocument(registry, map), event }
  })
  call.reply.code(201)
  return document
}
patchScopeMap.body = scopeMapSchema
patchScopeMap.response = scopeMapResponse

/** `DELETE …/scopeMaps/{m}`: only an unused one. 204 if it does not exist. */
export async function deleteScopeMap(context: Context, call: ManagementCall): Promise<void> {
  const { scopeMaps } = context.access
  const deleted = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const present = await findScopeMap(context, registry, call.names.name, transaction)
    if (present === undefined) return { result: false, event: undefined }
    rejectSystemDefined(present.name, present)
    await scopeMaps.delete(transaction, registry.rid, present.name).catch(throwInUse)
    return { result: true, event: { ...eventOf(registry, present), action: 'scope-map.delete' } }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteScopeMap.response = 'none' as const

function findScopeMap(
  { access }: Context,
  { rid }: Registry,
  name: string,
  transaction?: Transaction,
): Promise<ScopeMap | undefined> {
  return isChildName('scopeMaps', name) ? access.scopeMaps.find(rid, name, transaction) : Promise.resolve(undefined)
}

async function requireScopeMap(
  context: Context,
  registry: Registry,
  name: string,
  transaction?: Transaction,
): Promise<ScopeMap> {
  const map = await findScopeMap(context, registry, name, transaction)
  if (map === undefined) throw childNotFound(name)
  return map
}

/** The scope map with this id, which must be of this registry. @throws ArmError 400 */
export async function requireScopeMapById(
  { access }: Pick<RegistriesContext, 'access'>,
  registry: Registry,
  scopeMapId: string,
  transaction: Transaction,
): Promise<ScopeMap> {
  const name = childNameIn(registry, 'scopeMaps', scopeMapId)
  const map = name === undefined ? undefined : await access.scopeMaps.find(registry.rid, name, transaction)
  if (map !== undefined) return map
  throw new ArmError(
    'invalidScopeMapId',
    `The scopeMapId does not identify a scope map of the registry ${registry.name}.`,
  )
}

const nameRule = 'A scope map has a name of 5 to 50 letters, digits, hyphens and underscores.'

/** The actions in canonical form, without duplicates. @throws ArmError 400 */
function requireActions(texts: readonly string[]): string[] {
  const actions = new Set(
    texts.map((text) => {
      const action = parseScopeMapAction(text)
      if (action === undefined) throw invalidAction(text)
      return formatScopeMapAction(action)
    }),
  )
  if (actions.size > maxActions) {
    const message = `A scope map has at most ${maxActions} actions, but the request has ${actions.size}.`
    throw new ArmError('invalidScopeMapAction', message)
  }
  if (actions.size === 0) throw new ArmError('invalidScopeMapAction', 'A scope map has at least one action.')
  return [...actions]
}

function invalidAction(text: string): ArmError {
  const message = `'${text.slice(0, 320)}' is not an action of a scope map. The actions are repositories/{repository}/{content/read, content/write, content/delete, metadata/read or metadata/write}, where the repository is a name, * or a name that ends in /*, and gateway/{connected registry}/{config/read, config/write, message/read or message/write}.`
  return new ArmError('invalidScopeMapAction', message)
}

/** Exported templates of a registry also contain the system-defined scope maps, unchanged. */
function isUnchanged(
  present: ScopeMap | undefined,
  actions: readonly string[],
  description: string | undefined,
): present is ScopeMap & { readonly kind: 'SystemDefined' } {
  if (present?.kind !== 'SystemDefined') return false
  const isSame = new Set(actions).symmetricDifference(new Set(present.actions)).size === 0
  return isSame && (description ?? present.description) === present.description
}

/** The prefix of system-defined names is reserved. */
function rejectSystemDefined(name: string, present: ScopeMap | undefined): void {
  const reserved = present === undefined && name.toLowerCase().startsWith('_repositories_')
  if (present?.kind !== 'SystemDefined' && !reserved) return
  const message = `The scope map ${name} is system-defined and cannot be created, changed or deleted.`
  throw new ArmError('systemScopeMap', message)
}

function throwInUse(error: unknown): never {
  if (!(error instanceof ScopeMapInUseError)) throw error
  const message = `The scope map is in use by ${error.users.join(', ')}. First assign another scope map to these tokens, or delete the tokens.`
  throw new ArmError('scopeMapInUse', message, { cause: error })
}

function eventOf(registry: Registry, { name, actions }: ScopeMap) {
  return { target: childId(registry, 'scopeMaps', name), detail: { rid: registry.rid, actions } }
}

/** A scope map as ARM shows it. System scope maps have the age of their registry and no author. [arm-facts §1] */
function scopeMapDocument(registry: Registry, map: ScopeMap): ScopeMapDocument {
  const { kind, name, description, actions } = map
  const isUsers = kind === 'UserDefined'
  return {
    type: 'Microsoft.ContainerRegistry/registries/scopeMaps',
    id: childId(registry, 'scopeMaps', name),
    name,
    ...(isUsers && { systemData: systemData(map.authorship) }),
    properties: {
      ...(description !== undefined && { description }),
      type: kind,
      creationDate: formatArmTime(isUsers ? map.authorship.createdAtMs : registry.createdAtMs),
      provisioningState: 'Succeeded',
      actions,
    },
  }
}
