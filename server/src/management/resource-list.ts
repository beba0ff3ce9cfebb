import type { ManagementCall, ManagementOptions } from './call.ts'
import { readFilter, unsupportedFilter } from './query.ts'
import { visibleResources } from './visibility.ts'

const registryType = 'Microsoft.ContainerRegistry/registries'

/** `GET /subscriptions/{s}/resources`: what `az` finds a registry by when no group is named. [az-cli-wire §4, LIST] */
export async function listResources(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const { caller, names, request } = call
  const { type, group } = readWanted(request)
  if (type !== undefined && type !== registryType.toLowerCase()) return { value: [] }
  const visible = await visibleResources(rooms, caller, `${registryType}/read`)
  const registries = await rooms.resources.listRegistries(names.subscriptionId, group)
  const value = registries
    .filter(({ id }) => visible(id))
    .map(({ id, name, location, sku, tags }) => ({
      id,
      name,
      type: registryType,
      sku: { name: sku, tier: sku },
      location,
      tags,
    }))
  return { value }
}

type Wanted = { readonly type: string | undefined; readonly group: string | undefined }

/** The type and the group, in lower case, that the resources must be of; undefined for any. */
function readWanted(request: ManagementCall['request']): Wanted {
  const wanted = new Map<string, string>()
  for (const term of readFilter(request)) {
    const isKnown = term.form === 'equals' && (term.name === 'resourcetype' || term.name === 'resourcegroup')
    if (!isKnown || wanted.has(term.name)) throw unsupportedFilter()
    wanted.set(term.name, term.value.toLowerCase())
  }
  return { type: wanted.get('resourcetype'), group: wanted.get('resourcegroup') }
}
