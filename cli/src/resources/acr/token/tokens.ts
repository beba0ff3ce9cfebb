import { listArm } from '../../../clients/arm/arm.ts'
import {
  type OwningRegistryFlags,
  findOwningRegistry,
  owningRegistryFlags,
  requireRegistryId,
} from '../../../clients/arm/named-registry.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { yesFlag } from '../../../framework/options/flags.ts'
import { tokenVersion } from '../scope-map/scope-map.ts'
import { type TokenFlags, askToken, statusFlag, tokenDocument, tokenFlags, tokenTable } from './token.ts'

/** `acrux acr token list`. */
export const listTokens = defineCommand<OwningRegistryFlags>({
  flags: owningRegistryFlags,
  examples: ['acrux acr token list -r contoso -o table'],
  table: tokenTable,
  run: async (flags, context) => {
    const { account, id } = await findOwningRegistry(context, flags)
    return (await listArm(account, `${id}/tokens?api-version=${tokenVersion}`)).map(tokenDocument)
  },
})

/** `acrux acr token show`. */
export const showToken = defineCommand<TokenFlags>({
  flags: tokenFlags,
  examples: ['acrux acr token show -r contoso -n device'],
  table: tokenTable,
  run: async (flags, context) =>
    tokenDocument(await askToken(await findOwningRegistry(context, flags), 'GET', { name: flags.name })),
})

type UpdateTokenFlags = TokenFlags & { readonly scopeMap?: string; readonly status: string }

/** `acrux acr token update`. */
export const updateToken = defineCommand<UpdateTokenFlags>({
  about: '\nWithout --status, the command enables a disabled token, as az does.',
  flags: [...tokenFlags, { flags: '--scope-map <name>', description: 'the scope map of the token' }, statusFlag],
  examples: [
    'acrux acr token update -r contoso -n device --status disabled',
    'acrux acr token update -r contoso -n device --scope-map devices',
  ],
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

/** `acrux acr token delete`. */
export const deleteToken = defineCommand<TokenFlags & { readonly yes?: true }>({
  flags: [...tokenFlags, yesFlag],
  examples: ['acrux acr token delete -r contoso -n device --yes'],
  run: async (flags, context) => {
    const { name, yes } = flags
    const question = `Deleting the token '${name}' will invalidate access to anyone using its credentials. Proceed?`
    await context.confirm(question, yes)
    await askToken(await findOwningRegistry(context, flags), 'DELETE', { name })
  },
})
