import { documentOf } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { usages } from '../../../clients/arm/documents.ts'
import {
  type RegistryFlags,
  askRegistry,
  getNamedRegistry,
  registryFlags,
} from '../../../clients/arm/named-registry.ts'
import { cell, rowsOf } from '../tables.ts'

/** `acrux acr show-usage`. */
export const command = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr show-usage -n contoso -o table'],
  prints: 'result',
  table: (result) =>
    rowsOf(result, (item) => ({
      NAME: cell(item, 'name'),
      LIMIT: cell(item, 'limit'),
      'CURRENT VALUE': cell(item, 'currentValue'),
      UNIT: cell(item, 'unit'),
    })),
  run: async (flags, context) => {
    const named = await getNamedRegistry(context, flags)
    return documentOf(usages, await askRegistry(named, 'GET', { path: '/listUsages' }))
  },
})
