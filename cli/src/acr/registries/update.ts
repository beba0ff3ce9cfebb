import { booleanFlag } from '../../arm/flags.ts'
import { settled } from '../../arm/settled.ts'
import { documentOf, valueAt, withResourceGroup } from '../../arm/shape.ts'
import { tagsOf } from '../../arm/tags.ts'
import { defineCommand } from '../../command/command.ts'
import { registry } from '../documents.ts'
import { type RegistryFlags, askRegistry, getNamedRegistry, registryFlags } from '../named-registry.ts'
import { registryTable } from '../tables.ts'
import { type PropertyFlags, propertiesOf, propertyFlags, requirePremium, skuFlag } from './properties.ts'

type Flags = RegistryFlags &
  PropertyFlags & {
    readonly sku?: string
    readonly anonymousPullEnabled?: boolean
    readonly dataEndpointEnabled?: boolean
  }

/** `acrux acr update`. */
export const command = defineCommand<Flags>({
  flags: [
    ...registryFlags,
    skuFlag,
    ...propertyFlags,
    booleanFlag('--anonymous-pull-enabled', 'whether clients without credentials can pull'),
    booleanFlag('--data-endpoint-enabled', 'whether the registry has dedicated data endpoints'),
  ],
  examples: [
    'acrux acr update -n contoso --admin-enabled true',
    'acrux acr update -n contoso --anonymous-pull-enabled false --tags team=app stage=test',
  ],
  prints: 'result',
  table: registryTable,
  run: async (flags, context) => {
    const { sku, anonymousPullEnabled, dataEndpointEnabled } = flags
    const properties = {
      ...propertiesOf(context, flags),
      ...(anonymousPullEnabled !== undefined && { anonymousPullEnabled }),
      ...(dataEndpointEnabled !== undefined && { dataEndpointEnabled }),
    }
    const named = await getNamedRegistry(context, flags)
    if ('networkRuleSet' in properties) requirePremium(valueAt(named.response, 'sku.name'))
    const tags = tagsOf(flags.tags)
    const body = {
      ...(sku !== undefined && { sku: { name: sku } }),
      ...(tags !== undefined && { tags }),
      ...(Object.keys(properties).length > 0 && { properties }),
    }
    const response = await settled(await askRegistry(named, 'PATCH', { body }), () => askRegistry(named, 'GET'))
    return withResourceGroup(documentOf(registry, response))
  },
})
