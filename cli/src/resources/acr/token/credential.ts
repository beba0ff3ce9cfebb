import { generatedCredentials } from '../../../clients/arm/documents.ts'
import { findOwningRegistry, requireRegistryId } from '../../../clients/arm/named-registry.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { documentOf, valueAt } from '../../../framework/values/shape.ts'
import { cell, timeCell } from '../tables.ts'
import { type ExpiryFlags, expiryFlags, expiryOf, generatePasswords } from './passwords.ts'
import { type TokenFlags, askToken, tokenDocument, tokenFlags, tokenTable } from './token.ts'

type GenerateCredentialFlags = TokenFlags & ExpiryFlags & { readonly password1?: true; readonly password2?: true }

/** `acrux acr token credential generate`. */
export const generateCredential = defineCommand<GenerateCredentialFlags>({
  about: '\nThe command prints the generated passwords once. Earlier passwords with the same names become invalid.',
  flags: [
    ...tokenFlags,
    { flags: '--password1', description: 'generate password1. Default: both' },
    { flags: '--password2', description: 'generate password2. Default: both' },
    ...expiryFlags.map((flag) =>
      flag.flags.startsWith('--expiration-in-days') ? { ...flag, aliases: ['--days'] } : flag,
    ),
  ],
  examples: ['acrux acr token credential generate -r contoso -n device --password1 --expiration-in-days 30'],
  table: (result) => [passwordRow(result)],
  run: async (flags, context) => {
    const { password1, password2 } = flags
    const expiry = expiryOf(flags)
    const named = await findOwningRegistry(context, flags)
    const tokenId = `${await requireRegistryId(named.account, named.name)}/tokens/${flags.name}`
    const only = password1 === password2 ? undefined : password1 === true ? 'password1' : 'password2'
    const generated = await generatePasswords(named, { tokenId, expiry, ...(only !== undefined && { name: only }) })
    return documentOf(generatedCredentials, generated)
  },
})

function passwordRow(result: unknown): object {
  const passwords = valueAt(result, 'passwords')
  const cells = (Array.isArray(passwords) ? (passwords as unknown[]) : []).flatMap((each) => {
    const name = cell(each, 'name').toUpperCase()
    const expiry = valueAt(each, 'expiry') === null ? 'Never' : timeCell(each, 'expiry')
    return [
      [name, cell(each, 'value')],
      [`${name} EXPIRY`, expiry],
    ]
  })
  return { USERNAME: cell(result, 'username'), ...(Object.fromEntries(cells) as Record<string, string>) }
}

type DeleteCredentialFlags = TokenFlags & { readonly password1?: true; readonly password2?: true }

/** `acrux acr token credential delete`. */
export const deleteCredential = defineCommand<DeleteCredentialFlags>({
  flags: [
    ...tokenFlags,
    { flags: '--password1', description: 'delete password1' },
    { flags: '--password2', description: 'delete password2' },
  ],
  examples: ['acrux acr token credential delete -r contoso -n device --password1'],
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
