import type { Sku } from '../resources/index.ts'
import type { ManagementCall, ManagementOptions } from './call.ts'
import { requireRegistry } from './registries.ts'
import { ipRuleLimit } from './registry-body.ts'

const gibibyte = 1024 ** 3

/** What of each SKU is counted, with its limit; -1 is none. [arm-facts §6; acr-protocol §7.3] */
const limits: Readonly<Record<Sku, readonly (readonly [name: string, limit: number])[]>> = {
  Basic: [
    ['Size', 10 * gibibyte],
    ['Webhooks', 2],
    ['ScopeMaps', 100],
    ['Tokens', 100],
  ],
  Standard: [
    ['Size', 100 * gibibyte],
    ['Webhooks', 10],
    ['ScopeMaps', 500],
    ['Tokens', 500],
  ],
  Premium: [
    ['Size', 500 * gibibyte],
    ['Webhooks', 500],
    ['Geo-replications', -1],
    ['IPRules', ipRuleLimit],
    ['VNetRules', 100],
    ['PrivateEndpointConnections', 200],
    ['ScopeMaps', 50_000],
    ['Tokens', 50_000],
  ],
}

/** `GET …/listUsages`: how much of what its SKU gives a registry uses. What this server does not serve, nothing is used of. */
export async function listUsages(rooms: ManagementOptions, { names }: ManagementCall): Promise<unknown> {
  const { rid, sku, networkRuleSet } = await requireRegistry(rooms, names)
  const { sizeBytes } = await rooms.registry.usage(rid)
  const used = new Map([
    ['Size', sizeBytes],
    ['IPRules', networkRuleSet.ipRules.length],
  ])
  const value = limits[sku].map(([name, limit]) => ({
    name,
    limit,
    currentValue: used.get(name) ?? 0,
    unit: name === 'Size' ? 'Bytes' : 'Count',
  }))
  return { value }
}
