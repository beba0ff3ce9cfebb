import { listArm } from '../../../clients/arm/arm.ts'
import { registry, usages } from '../../../clients/arm/documents.ts'
import {
  type NamedRegistry,
  type RegistryFlags,
  askRegistry,
  findNamedRegistry,
  getNamedRegistry,
  groupPath,
  registryFlags,
  registryVersion,
  resourceGroupFlag,
} from '../../../clients/arm/named-registry.ts'
import { requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type SubscriptionFlags, subscriptionFlag, yesFlag } from '../../../framework/options/flags.ts'
import { documentOf, valueAt, withResourceGroup } from '../../../framework/values/shape.ts'
import { cell, registryTable, rowsOf } from '../tables.ts'

type ListRegistriesFlags = SubscriptionFlags & { readonly resourceGroup?: string }

/** `acrux acr list`. */
export const listRegistries = defineCommand<ListRegistriesFlags>({
  flags: [resourceGroupFlag, subscriptionFlag],
  examples: ['acrux acr list -o table', 'acrux acr list -g default --query "[].loginServer" -o tsv'],
  table: registryTable,
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const { resourceGroup } = flags
    const base =
      resourceGroup === undefined ? `/subscriptions/${account.subscription.id}` : groupPath(account, resourceGroup)
    const url = `${base}/providers/Microsoft.ContainerRegistry/registries?api-version=${registryVersion}`
    return withResourceGroup((await listArm(account, url)).map((each) => documentOf(registry, each)))
  },
})

/** `acrux acr show`. */
export const showRegistry = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr show -n contoso', 'acrux acr show -n contoso --query loginServer -o tsv'],
  table: registryTable,
  run: async (flags, context) => {
    const { response } = await getNamedRegistry(context, flags)
    return withResourceGroup(documentOf(registry, response))
  },
})

type Endpoint = { readonly region: unknown; readonly endpoint: string }

type Endpoints = { readonly loginServer: unknown; readonly dataEndpoints: readonly Endpoint[] }

/** `acrux acr show-endpoints`. */
export const showEndpoints = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr show-endpoints -n contoso'],
  table: (result: Endpoints) =>
    result.dataEndpoints.map((each) => ({
      loginServer: cell(result, 'loginServer'),
      region: cell(each, 'region'),
      endpoint: cell(each, 'endpoint'),
    })),
  run: async (flags, context): Promise<Endpoints> => {
    const named = await getNamedRegistry(context, flags)
    const { response } = named
    const loginServer = valueAt(response, 'properties.loginServer')
    if (valueAt(response, 'properties.dataEndpointEnabled') === true) {
      const hosts = valueAt(response, 'properties.dataEndpointHostNames')
      const names = Array.isArray(hosts) ? hosts.map(String) : []
      return { loginServer, dataEndpoints: names.map((endpoint) => ({ region: endpoint.split('.')[1], endpoint })) }
    }
    context.log.warning(
      `To configure client firewall w/o using wildcard storage blob urls, use "acrux acr update --name ${flags.name} --data-endpoint-enabled" to enable dedicated data endpoints.`,
    )
    const endpoint = `*.blob.${named.account.cloud.suffixes['storageEndpoint'] ?? ''}`
    const regions = await regionsOf(named, valueAt(response, 'location'))
    return { loginServer, dataEndpoints: regions.map((region) => ({ region, endpoint })) }
  },
})

/** The locations of the replications, or the location of a registry without replications. */
async function regionsOf({ account, id }: NamedRegistry, location: unknown): Promise<unknown[]> {
  const replications = await listArm(account, `${id}/replications?api-version=${registryVersion}`)
  return replications.length === 0 ? [location] : replications.map((each) => valueAt(each, 'location'))
}

/** `acrux acr show-usage`. */
export const showUsage = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr show-usage -n contoso -o table'],
  table: (result) =>
    rowsOf(result, (item) => ({
      NAME: cell(item, 'name'),
      LIMIT: cell(item, 'limit'),
      'CURRENT VALUE': cell(item, 'currentValue'),
      UNIT: cell(item, 'unit'),
    })),
  run: async (flags, context) => {
    const named = await getNamedRegistry(context, flags)
    return documentOf(usages, await askRegistry(named, 'GET', { path: '/listUsages' }))
  },
})

/** `acrux acr delete`. */
export const deleteRegistry = defineCommand<RegistryFlags & { readonly yes?: true }>({
  flags: [...registryFlags, yesFlag],
  examples: ['acrux acr delete -n contoso', 'acrux acr delete -n contoso -g default --yes'],
  run: async (flags, context) => {
    await context.confirm(`Are you sure you want to delete the registry '${flags.name}'?`, flags.yes)
    await askRegistry(await findNamedRegistry(context, flags), 'DELETE')
  },
})
