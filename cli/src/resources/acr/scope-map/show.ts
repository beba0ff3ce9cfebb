import { defineCommand } from '../../../framework/command/command.ts'
import { askRegistry, findOwningRegistry } from '../../../clients/arm/named-registry.ts'
import { type ScopeMapFlags, scopeMapDocument, scopeMapFlags, scopeMapTable, tokenVersion } from './shared.ts'

/** `acrux acr scope-map show`. */
export const command = defineCommand<ScopeMapFlags>({
  flags: scopeMapFlags,
  examples: ['acrux acr scope-map show -r contoso -n devices'],
  prints: 'result',
  table: scopeMapTable,
  run: async (flags, context) => {
    const named = await findOwningRegistry(context, flags)
    return scopeMapDocument(
      await askRegistry(named, 'GET', { path: `/scopeMaps/${encodeURIComponent(flags.name)}`, version: tokenVersion }),
    )
  },
})
