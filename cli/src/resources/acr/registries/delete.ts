import { yesFlag } from '../../../framework/options/flags.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type RegistryFlags,
  askRegistry,
  findNamedRegistry,
  registryFlags,
} from '../../../clients/arm/named-registry.ts'

/** `acrux acr delete`. */
export const command = defineCommand<RegistryFlags & { readonly yes?: true }>({
  flags: [...registryFlags, yesFlag],
  examples: ['acrux acr delete -n contoso', 'acrux acr delete -n contoso -g default --yes'],
  prints: 'result',
  run: async (flags, context) => {
    await context.confirm(`Are you sure you want to delete the registry '${flags.name}'?`, flags.yes)
    await askRegistry(await findNamedRegistry(context, flags), 'DELETE')
  },
})
