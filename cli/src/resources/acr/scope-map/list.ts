import { listArm } from '../../../clients/arm/arm.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type OwningRegistryFlags,
  findOwningRegistry,
  owningRegistryFlags,
} from '../../../clients/arm/named-registry.ts'
import { scopeMapDocument, scopeMapTable, tokenVersion } from './shared.ts'

/** `acrux acr scope-map list`. */
export const command = defineCommand<OwningRegistryFlags>({
  flags: owningRegistryFlags,
  examples: ['acrux acr scope-map list -r contoso -o table'],
  prints: 'result',
  table: scopeMapTable,
  run: async (flags, context) => {
    const { account, id } = await findOwningRegistry(context, flags)
    return (await listArm(account, `${id}/scopeMaps?api-version=${tokenVersion}`)).map(scopeMapDocument)
  },
})
