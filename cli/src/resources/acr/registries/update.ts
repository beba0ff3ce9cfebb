import { requireAnyAccount } from '../../../clients/arm/az.ts'
import { registry } from '../../../clients/arm/documents.ts'
import {
  type RegistryFlags,
  askRegistry,
  getNamedRegistry,
  registryFlags,
} from '../../../clients/arm/named-registry.ts'
import { settled } from '../../../clients/arm/settled.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { booleanFlag, tagsOf, yesFlag } from '../../../framework/options/flags.ts'
import {
  type GenericFlags,
  applyChanges,
  genericChanges,
  genericFlags,
} from '../../../framework/options/generic-update.ts'
import { documentOf, valueAt, withResourceGroup } from '../../../framework/values/shape.ts'
import { confirmModeSwitch } from '../permission/mode-switch.ts'
import { registryTable } from '../tables.ts'
import { type PropertyFlags, isMode, propertiesOf, propertyFlags, requirePremium, skuFlag } from './properties.ts'

type Flags = RegistryFlags &
  PropertyFlags &
  GenericFlags & {
    readonly sku?: string
    readonly anonymousPullEnabled?: boolean
    readonly dataEndpointEnabled?: boolean
    readonly yes?: true
  }

/** The properties that a registry's update has in ARM, outside and inside of `properties`. [azure-mgmt-containerregistry] */
const outerNames = ['identity', 'sku', 'tags']
const propertyNames = [
  'adminUserEnabled',
  'anonymousPullEnabled',
  'dataEndpointEnabled',
  'encryption',
  'metadataSearch',
  'networkRuleBypassAllowedForTasks',
  'networkRuleBypassOptions',
  'networkRuleSet',
  'policies',
  'publicNetworkAccess',
  'roleAssignmentMode',
]

/** `acrux acr update`. */
export const command = defineCommand<Flags>({
  about: `
A new role assignment mode changes the permissions that roles grant. Before the change, the command lists who gains and
loses permissions, and asks for a confirmation.`,
  flags: [
    ...registryFlags,
    skuFlag,
    ...propertyFlags,
    booleanFlag('--anonymous-pull-enabled', 'whether clients without credentials can pull'),
    booleanFlag('--data-endpoint-enabled', 'whether the registry has dedicated data endpoints'),
    { ...yesFlag, description: 'change the role assignment mode without a confirmation' },
    ...genericFlags,
  ],
  examples: [
    'acrux acr update -n contoso --admin-enabled true',
    'acrux acr update -n contoso --role-assignment-mode rbac-abac',
    'acrux acr update -n contoso --anonymous-pull-enabled false --tags team=app stage=test',
    'acrux acr update -n contoso --set tags.stage=production',
  ],
  table: registryTable,
  run: async (flags, context) => {
    const { sku, anonymousPullEnabled, dataEndpointEnabled } = flags
    const update: Record<string, unknown> = {
      ...Object.fromEntries([...outerNames, ...propertyNames].map((name) => [name, null])),
      ...propertiesOf(context, flags),
      ...(anonymousPullEnabled !== undefined && { anonymousPullEnabled }),
      ...(dataEndpointEnabled !== undefined && { dataEndpointEnabled }),
      ...(sku !== undefined && { sku: { name: sku } }),
      tags: tagsOf(flags.tags) ?? null,
    }
    const warnUnknown = (name: string): void =>
      context.log.warning(`Property '${name}' not found on root. Send it as an additional property .`)
    const named = await getNamedRegistry(context, flags, requireAnyAccount)
    applyChanges(update, genericChanges(), { ...flags, warnUnknown })
    if (update['networkRuleSet'] !== null) requirePremium(valueAt(named.response, 'sku.name'))
    const mode = update['roleAssignmentMode']
    if (isMode(mode) && mode !== valueAt(named.response, 'properties.roleAssignmentMode'))
      await confirmModeSwitch(context, named, mode, flags.yes)
    const present = Object.entries(update).filter(([, value]) => value !== null)
    const properties = present.filter(([name]) => propertyNames.includes(name))
    const body = {
      ...Object.fromEntries(present.filter(([name]) => !propertyNames.includes(name))),
      ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    }
    const response = await settled(await askRegistry(named, 'PATCH', { body }), () => askRegistry(named, 'GET'))
    return withResourceGroup(documentOf(registry, response))
  },
})
