import { listArm } from '../../../clients/arm/arm.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type NamedRegistry,
  type RegistryFlags,
  getNamedRegistry,
  registryFlags,
  registryVersion,
} from '../../../clients/arm/named-registry.ts'
import { cell } from '../tables.ts'

type Endpoint = { readonly region: unknown; readonly endpoint: string }

type Endpoints = { readonly loginServer: unknown; readonly dataEndpoints: readonly Endpoint[] }

/** `acrux acr show-endpoints`. */
export const command = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr show-endpoints -n contoso'],
  prints: 'result',
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

/** The locations of the replications, or that of the registry if it has none. */
async function regionsOf({ account, id }: NamedRegistry, location: unknown): Promise<unknown[]> {
  const replications = await listArm(account, `${id}/replications?api-version=${registryVersion}`)
  return replications.length === 0 ? [location] : replications.map((each) => valueAt(each, 'location'))
}
