import { listArm } from '../../../clients/arm/arm.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type OwningRegistryFlags,
  findOwningRegistry,
  owningRegistryFlags,
} from '../../../clients/arm/named-registry.ts'
import { tokenVersion } from '../scope-map/shared.ts'
import { tokenDocument, tokenTable } from './shared.ts'

/** `acrux acr token list`. */
export const command = defineCommand<OwningRegistryFlags>({
  flags: owningRegistryFlags,
  examples: ['acrux acr token list -r contoso -o table'],
  prints: 'result',
  table: tokenTable,
  run: async (flags, context) => {
    const { account, id } = await findOwningRegistry(context, flags)
    return (await listArm(account, `${id}/tokens?api-version=${tokenVersion}`)).map(tokenDocument)
  },
})
