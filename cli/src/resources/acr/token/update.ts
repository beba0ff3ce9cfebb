import { defineCommand } from '../../../framework/command/command.ts'
import { findOwningRegistry, requireRegistryId } from '../../../clients/arm/named-registry.ts'
import { type TokenFlags, askToken, statusFlag, tokenDocument, tokenFlags, tokenTable } from './shared.ts'

type Flags = TokenFlags & { readonly scopeMap?: string; readonly status: string }

/** `acrux acr token update`. */
export const command = defineCommand<Flags>({
  about: '\nWithout --status, a disabled token becomes enabled, as with az.',
  flags: [...tokenFlags, { flags: '--scope-map <name>', description: 'the scope map of the token' }, statusFlag],
  examples: [
    'acrux acr token update -r contoso -n device --status disabled',
    'acrux acr token update -r contoso -n device --scope-map devices',
  ],
  prints: 'result',
  table: tokenTable,
  run: async (flags, context) => {
    const named = await findOwningRegistry(context, flags)
    const { name, scopeMap, status } = flags
    const registryId = scopeMap === undefined ? undefined : await requireRegistryId(named.account, named.name)
    const properties = {
      ...(registryId !== undefined && { scopeMapId: `${registryId}/scopeMaps/${scopeMap ?? ''}` }),
      status,
    }
    return tokenDocument(await askToken(named, 'PATCH', { name, properties }))
  },
})
