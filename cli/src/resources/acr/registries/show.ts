import { documentOf, withResourceGroup } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { registry } from '../../../clients/arm/documents.ts'
import { type RegistryFlags, getNamedRegistry, registryFlags } from '../../../clients/arm/named-registry.ts'
import { registryTable } from '../tables.ts'

/** `acrux acr show`. */
export const command = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr show -n contoso', 'acrux acr show -n contoso --query loginServer -o tsv'],
  prints: 'result',
  table: registryTable,
  run: async (flags, context) => {
    const { response } = await getNamedRegistry(context, flags)
    return withResourceGroup(documentOf(registry, response))
  },
})
