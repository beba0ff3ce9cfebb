import {
  type OwningRegistryFlags,
  RegistryNotFound,
  askRegistry,
  getNamedRegistry,
  owningRegistryFlags,
} from '../../clients/arm/named-registry.ts'
import { recordOf } from '../../clients/session/account.ts'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'
import { choiceFlag } from '../../framework/options/flags.ts'
import { documentOf, same, valueAt } from '../../framework/values/shape.ts'

/** Selects the registry of `acr config`. */
type ConfigFlags = OwningRegistryFlags

/** Describes {@link ConfigFlags}. az also accepts the older names of the option. */
const configFlags: readonly FlagDescription[] = owningRegistryFlags.map((flag) =>
  flag.flags.startsWith('-r,') ? { ...flag, aliases: ['--name', '-n'] } : flag,
)

/** `acrux acr config authentication-as-arm show`. */
export const showAuthentication = defineCommand<ConfigFlags>({
  flags: configFlags,
  examples: ['acrux acr config authentication-as-arm show -r contoso'],
  run: async (flags, context) => {
    try {
      const { response } = await getNamedRegistry(context, { ...flags, name: flags.registry })
      return documentOf(same('status'), valueAt(response, 'properties.policies.azureADAuthenticationAsArmPolicy'))
    } catch (error) {
      // az shows the default of the policy.
      if (error instanceof RegistryNotFound) return { status: 'enabled' }
      throw error
    }
  },
})

const policy = 'azureADAuthenticationAsArmPolicy'

/** `acrux acr config authentication-as-arm update`. */
export const updateAuthentication = defineCommand<ConfigFlags & { readonly status?: string }>({
  flags: [
    ...configFlags,
    choiceFlag(
      '--status <status>',
      ['enabled', 'disabled'],
      'whether tokens for Azure Resource Manager can be exchanged for access to the registry',
    ),
  ],
  examples: ['acrux acr config authentication-as-arm update -r contoso --status disabled'],
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
