import { defineCommand } from '../../../framework/command/command.ts'
import { findOwningRegistry } from '../../../clients/arm/named-registry.ts'
import { type TokenFlags, askToken, tokenDocument, tokenFlags, tokenTable } from './shared.ts'

/** `acrux acr token show`. */
export const command = defineCommand<TokenFlags>({
  flags: tokenFlags,
  examples: ['acrux acr token show -r contoso -n device'],
  prints: 'result',
  table: tokenTable,
  run: async (flags, context) =>
    tokenDocument(await askToken(await findOwningRegistry(context, flags), 'GET', { name: flags.name })),
})
