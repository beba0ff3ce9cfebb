import { yesFlag } from '../../../framework/options/flags.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { findOwningRegistry } from '../../../clients/arm/named-registry.ts'
import { type TokenFlags, askToken, tokenFlags } from './shared.ts'

/** `acrux acr token delete`. */
export const command = defineCommand<TokenFlags & { readonly yes?: true }>({
  flags: [...tokenFlags, yesFlag],
  examples: ['acrux acr token delete -r contoso -n device --yes'],
  prints: 'result',
  run: async (flags, context) => {
    const { name, yes } = flags
    const question = `Deleting the token '${name}' will invalidate access to anyone using its credentials. Proceed?`
    await context.confirm(question, yes)
    await askToken(await findOwningRegistry(context, flags), 'DELETE', { name })
  },
})
