import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { findOwningRegistry } from '../../../clients/arm/named-registry.ts'
import { type TokenFlags, askToken, tokenDocument, tokenFlags, tokenTable } from './shared.ts'

type Flags = TokenFlags & { readonly password1?: true; readonly password2?: true }

/** `acrux acr token credential delete`. */
export const command = defineCommand<Flags>({
  flags: [
    ...tokenFlags,
    { flags: '--password1', description: 'delete password1' },
    { flags: '--password2', description: 'delete password2' },
  ],
  examples: ['acrux acr token credential delete -r contoso -n device --password1'],
  prints: 'result',
  table: tokenTable,
  run: async (flags, context) => {
    const deleted = (['password1', 'password2'] as const).filter((each) => flags[each] === true)
    if (deleted.length === 0) throw failure('No credentials to delete.')
    const named = await findOwningRegistry(context, flags)
    const { name } = flags
    const passwords = valueAt(await askToken(named, 'GET', { name }), 'properties.credentials.passwords')
    const present = (Array.isArray(passwords) ? (passwords as unknown[]) : []).map((each) =>
      String(valueAt(each, 'name')),
    )
    const missing = deleted.find((each) => !present.includes(each))
    if (missing !== undefined)
      throw failure(
        `Unable to perform operation. ${missing === 'password1' ? 'Password1' : 'Password2'} credential doesn't exist.`,
      )
    const kept = present.filter((each) => !deleted.some((one) => one === each)).map((each) => ({ name: each }))
    return tokenDocument(await askToken(named, 'PATCH', { name, properties: { credentials: { passwords: kept } } }))
  },
})
