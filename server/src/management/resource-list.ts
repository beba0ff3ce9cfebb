import type { ManagementCall, ManagementOptions } from './call.ts'
import { readFilter, unsupportedFilter } from './query.ts'
import { visibleResources } from './visibility.ts'

const registryType = 'Microsoft.ContainerRegistry/registries'

/** `GET /subscriptions/{s}/resources`: what `az` finds a registry by when no group is named. [az-cli-wire §4, LIST] */
export async function listResources(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const { caller, names, request } = call
  if (!readWantedTypes(request).every((type) => type === registryType.toLowerCase())) return { value: [] }
  const visible = await visibleResources(rooms, caller, `${registryType}/read`)
  const registries = await rooms.resources.listRegistries(names.subscriptionId)
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

/** The types, in lower case, all of which a resource must be of. */
function readWantedTypes(request: ManagementCall['request']): string[] {
  const terms = readFilter(request)
  if (terms.length > 1) throw unsupportedFilter()
  return terms.map((term) => {
    if (term.form !== 'equals' || term.name !== 'resourcetype') throw unsupportedFilter()
    return term.value.toLowerCase()
  })
}
