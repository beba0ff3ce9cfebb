import { recordOf } from '../../../clients/session/account.ts'
import { choiceFlag } from '../../../framework/options/flags.ts'
import { documentOf, same, valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { askRegistry, getNamedRegistry } from '../../../clients/arm/named-registry.ts'
import { type ConfigFlags, configFlags } from './shared.ts'

const policy = 'azureADAuthenticationAsArmPolicy'

/** `acrux acr config authentication-as-arm update`. */
export const command = defineCommand<ConfigFlags & { readonly status?: string }>({
  flags: [
    ...configFlags,
    choiceFlag(
      '--status <status>',
      ['enabled', 'disabled'],
      'whether tokens for Azure Resource Manager can be exchanged for access to the registry',
    ),
  ],
  examples: ['acrux acr config authentication-as-arm update -r contoso --status disabled'],
  prints: 'result',
  run: async (flags, context) => {
    const { status, registry } = flags
    const named = await getNamedRegistry(context, { ...flags, name: registry })
    const policies = Object.entries(recordOf(valueAt(named.response, 'properties.policies'))).map(([name, value]) => {
      const { lastUpdatedTime: _, ...writable } = recordOf(value)
      return [name, writable]
    })
    const body = {
      properties: {
        policies: { ...Object.fromEntries(policies), ...(status !== undefined && { [policy]: { status } }) },
      },
    }
    const response = await askRegistry(named, 'PATCH', { body })
    return documentOf(same('status'), valueAt(response, `properties.policies.${policy}`))
  },
})
