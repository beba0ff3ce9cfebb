import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { requireRegistry } from './registries.ts'
import { skuLimits } from './sku-limits.ts'

type Context = Pick<RegistriesContext, 'access' | 'registry' | 'resources'>

/** The usage of a registry. [azure-mgmt-containerregistry, RegistryUsageListResult] */
const usagesResponse = z
  .strictObject({
    value: z.array(
      z.strictObject({
        name: z.string(),
        limit: z.int(),
        currentValue: z.int(),
        unit: z.enum(['Bytes', 'Count']),
      }),
    ),
  })
  .register(apiSchemas, { id: 'RegistryUsages' })

/** `GET …/listUsages`: the usage of a registry and the limits of its SKU. System scope maps are not included. [arm-facts §6] */
export async function listUsages(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof usagesResponse>> {
  const { rid, sku, networkRuleSet } = await requireRegistry(context, names)
  const [{ sizeBytes, limitBytes }, scopeMaps, tokens] = await Promise.all([
    context.registry.usage(rid),
    context.access.scopeMaps.count(rid),
    context.access.scopedTokens.count(rid),
  ])
  // Features that this server does not serve have no usage.
  const used = new Map([
    ['Size', sizeBytes],
    ['IPRules', networkRuleSet.ipRules.length],
    ['ScopeMaps', scopeMaps],
    ['Tokens', tokens],
  ])
  const value = skuLimits[sku].map(([name, limit]) => ({
    name,
    // A quota is enforced; the size that the SKU includes is not.
    limit: name === 'Size' ? (limitBytes ?? limit) : limit,
    currentValue: used.get(name) ?? 0,
    unit: name === 'Size' ? ('Bytes' as const) : ('Count' as const),
  }))
  return { value }
}
listUsages.response = usagesResponse
