import { documentOf, same, valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { RegistryNotFound, getNamedRegistry } from '../../../clients/arm/named-registry.ts'
import { type ConfigFlags, configFlags } from './shared.ts'

/** `acrux acr config authentication-as-arm show`. */
export const command = defineCommand<ConfigFlags>({
  flags: configFlags,
  examples: ['acrux acr config authentication-as-arm show -r contoso'],
  prints: 'result',
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
