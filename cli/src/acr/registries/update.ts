import { booleanFlag, yesFlag } from '../../arm/flags.ts'
import { settled } from '../../arm/settled.ts'
import { documentOf, valueAt, withResourceGroup } from '../../arm/shape.ts'
import { tagsOf } from '../../arm/tags.ts'
import { requireAnyAccount } from '../../az.ts'
import { defineCommand } from '../../command/command.ts'
import { registry } from '../documents.ts'
import { type RegistryFlags, askRegistry, getNamedRegistry, registryFlags } from '../named-registry.ts'
import { confirmModeSwitch } from '../permission/mode-switch.ts'
import { registryTable } from '../tables.ts'
import { type PropertyFlags, modeOf, propertiesOf, propertyFlags, requirePremium, skuFlag } from './properties.ts'

type Flags = RegistryFlags &
  PropertyFlags & {
    readonly sku?: string
    readonly anonymousPullEnabled?: boolean
    readonly dataEndpointEnabled?: boolean
    readonly yes?: true
  }

/** `acrux acr update`. */
export const command = defineCommand<Flags>({
  about: `
A new --role-assignment-mode changes what roles allow. The command lists who gains and loses permissions, and asks for a
confirmation.`,
  flags: [
    ...registryFlags,
    skuFlag,
    ...propertyFlags,
    booleanFlag('--anonymous-pull-enabled', 'whether clients without credentials can pull'),
    booleanFlag('--data-endpoint-enabled', 'whether the registry has dedicated data endpoints'),
    { ...yesFlag, description: 'switch the mode without a confirmation' },
  ],
  examples: [
    'acrux acr update -n contoso --admin-enabled true',
    'acrux acr update -n contoso --role-assignment-mode rbac-abac',
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
    const named = await getNamedRegistry(context, flags, requireAnyAccount)
    if ('networkRuleSet' in properties) requirePremium(valueAt(named.response, 'sku.name'))
    const mode = modeOf(flags.roleAssignmentMode)
    if (mode !== undefined && mode !== valueAt(named.response, 'properties.roleAssignmentMode'))
      await confirmModeSwitch(context, named, mode, flags.yes)
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
