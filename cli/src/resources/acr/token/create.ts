import { ApiError } from '../../../clients/arm/arm.ts'
import { generatedCredentials } from '../../../clients/arm/documents.ts'
import {
  type NamedRegistry,
  askRegistry,
  findOwningRegistry,
  requireRegistryId,
} from '../../../clients/arm/named-registry.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { booleanFlag } from '../../../framework/options/flags.ts'
import { isRecord } from '../../../framework/values/record.ts'
import { object, valueAt } from '../../../framework/values/shape.ts'
import { actionsFlag, scopeMapActions } from '../scope-map/actions.ts'
import { tokenVersion } from '../scope-map/scope-map.ts'
import { type ExpiryFlags, expiryFlags, expiryOf, generatePasswords } from './passwords.ts'
import { type TokenFlags, askToken, statusFlag, tokenDocument, tokenFlags, tokenTable } from './token.ts'

type Flags = TokenFlags &
  ExpiryFlags & {
    readonly scopeMap?: string
    readonly repository?: readonly string[]
    readonly gateway?: readonly string[]
    readonly status: string
    /** Commander removes `no-` from the name. */
    readonly passwords: boolean
  }

/** An option whose name begins with `no-` sets the opposite: `--no-passwords true` is the same as `--no-passwords`. */
const noPasswords = booleanFlag('--no-passwords', 'whether to create the token without passwords')
const noPasswordsFlag = { ...noPasswords, parse: (text: string) => noPasswords.parse?.(text) !== true }

/** `acrux acr token create`. */
export const command = defineCommand<Flags>({
  about: `
The command prints the generated passwords once. With --repository, the command creates a scope map for the token.`,
  flags: [
    ...tokenFlags,
    { flags: '--scope-map <name>', description: 'the scope map of the token' },
    actionsFlag('--repository', 'repositories', 'permissions on a repository, instead of --scope-map'),
    actionsFlag('--gateway', 'gateway', 'permissions on a gateway, instead of --scope-map'),
    statusFlag,
    noPasswordsFlag,
    ...expiryFlags,
  ],
  examples: [
    'acrux acr token create -r contoso -n device --repository team/app content/read metadata/read',
    'acrux acr token create -r contoso -n device --scope-map _repositories_pull --expiration-in-days 30',
  ],
  table: tokenTable,
  run: async (flags, context) => {
    const expiry = checked(flags)
    const named = await findOwningRegistry(context, flags)
    const { name, status } = flags
    const scopeMapId = await scopeMapOf(named, flags)
    const token = await askToken(named, 'PUT', { name, properties: { scopeMapId, status } })
    if (!flags.passwords) return tokenDocument(token)
    const tokenId = `${await requireRegistryId(named.account, named.name)}/tokens/${name}`
    const passwords = object(generatedCredentials)(await generatePasswords(named, { tokenId, expiry }))
    await tellUse(context, named, name)
    const document = tokenDocument(token)
    const credentials = valueAt(document, 'credentials')
    return {
      ...(isRecord(document) && document),
      credentials: { ...(isRecord(credentials) && credentials), ...(isRecord(passwords) && passwords) },
    }
  },
})

/** When the passwords expire. @throws CommandFailure with az's messages for options that exclude each other */
function checked(flags: Flags): string | undefined {
  const { repository, gateway, scopeMap, passwords, expiration, expirationInDays } = flags
  const hasActions = (repository ?? gateway) !== undefined
  if (hasActions === (scopeMap !== undefined))
    throw failure("usage error: can't use --scope-map and --repository | --gateway")
  if (!passwords && (expiration ?? expirationInDays) !== undefined)
    throw failure('usage error: --no-passwords and expiration arguments are mutually exclusive.')
  if (expiration !== undefined && expirationInDays !== undefined)
    throw failure('usage error: --expiration and --expiration-in-days are mutually exclusive.')
  return expiryOf(flags)
}

/**
 * The id of the scope map in the flags, or of a scope map for this token. The function creates this scope map unless it
 * exists with the same actions.
 */
async function scopeMapOf(named: NamedRegistry, flags: Flags): Promise<unknown> {
  const { name, registry, scopeMap } = flags
  if (scopeMap !== undefined) return `${await requireRegistryId(named.account, named.name)}/scopeMaps/${scopeMap}`
  const actions = scopeMapActions(flags.repository, flags.gateway)
  const own = `${name}-scope-map`
  const request = { path: `/scopeMaps/${encodeURIComponent(own)}`, version: tokenVersion }
  const present = await askRegistry(named, 'GET', request).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  })
  if (present === undefined)
    return valueAt(await askRegistry(named, 'PUT', { ...request, body: { properties: { actions } } }), 'id')
  const presentActions = valueAt(present, 'properties.actions')
  const isSame =
    Array.isArray(presentActions) && presentActions.map(String).toSorted().join() === actions.toSorted().join()
  if (isSame) return valueAt(present, 'id')
  throw failure(
    `The default scope map was already configured with different repository permissions.\nPlease use "acrux acr scope-map update -r ${registry} -n ${own} --add-repository <REPO> --remove-repository <REPO>" to update.`,
  )
}

async function tellUse(context: CommandContext, named: NamedRegistry, name: string): Promise<void> {
  const loginServer = valueAt(await askRegistry(named, 'GET'), 'properties.loginServer')
  context.log.warning(
    `Please store your generated credentials safely. Meanwhile you can use it through "docker login ${String(loginServer)} -u ${name} --password-stdin".`,
  )
}
