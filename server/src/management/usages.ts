import type { Sku } from '../resources/index.ts'
import type { ManagementCall, ManagementOptions } from './call.ts'
import { ArmError } from './errors.ts'
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

/** `GET …/listUsages`: how much of what its SKU gives a registry uses. The system's scope maps do not count. [arm-facts §6] */
export async function listUsages(rooms: ManagementOptions, { names }: ManagementCall): Promise<unknown> {
  const { rid, sku, networkRuleSet } = await requireRegistry(rooms, names)
  const [{ sizeBytes }, scopeMaps, tokens] = await Promise.all([
    rooms.registry.usage(rid),
    rooms.access.scopeMaps.count(rid),
    rooms.access.scopedTokens.count(rid),
  ])
  // What this server does not serve, nothing is used of.
  const used = new Map([
    ['Size', sizeBytes],
    ['IPRules', networkRuleSet.ipRules.length],
    ['ScopeMaps', scopeMaps],
    ['Tokens', tokens],
  ])
  const value = limits[sku].map(([name, limit]) => ({
    name,
    limit,
    currentValue: used.get(name) ?? 0,
    unit: name === 'Size' ? 'Bytes' : 'Count',
  }))
  return { value }
}

/** @throws ArmError where the SKU gives no more than there are already. */
export function requireRoomForOneMore(sku: Sku, name: 'ScopeMaps' | 'Tokens', present: number): void {
  const [, limit = 0] = limits[sku].find(([candidate]) => candidate === name) ?? []
  if (present < limit) return
  const message = `The registry has ${present} ${name}, and no more are supported for SKU Managed_${sku}. For more details on SKU features, see https://aka.ms/acr/tiers.`
  throw new ArmError('quotaExceeded', message)
}
