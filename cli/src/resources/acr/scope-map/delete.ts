import { yesFlag } from '../../../framework/options/flags.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { askRegistry, findOwningRegistry } from '../../../clients/arm/named-registry.ts'
import { type ScopeMapFlags, scopeMapFlags, tokenVersion } from './shared.ts'

/** `acrux acr scope-map delete`. */
export const command = defineCommand<ScopeMapFlags & { readonly yes?: true }>({
  flags: [...scopeMapFlags, yesFlag],
  examples: ['acrux acr scope-map delete -r contoso -n devices --yes'],
  prints: 'result',
  run: async (flags, context) => {
    const { name, yes } = flags
    const question = `Deleting the scope map '${name}' will remove its permissions with associated tokens. Proceed?`
    await context.confirm(question, yes)
    const named = await findOwningRegistry(context, flags)
    await askRegistry(named, 'DELETE', { path: `/scopeMaps/${encodeURIComponent(name)}`, version: tokenVersion })
  },
})
