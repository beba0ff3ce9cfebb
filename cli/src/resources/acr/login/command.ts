import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { askArm } from '../../../clients/arm/arm.ts'
import { type Place, type PlaceFlags, findPlace } from '../../../clients/registry/place.ts'
import { type Account, findAccount, httpClientOf, recordOf, requireAccount } from '../../../clients/session/account.ts'
import { type Narrowing, requireChallenge } from '../../../clients/tokens/acr-exchange.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { CommandFailure, failure } from '../../../framework/command/failure.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../../framework/options/flags.ts'
import { readSecret } from '../../../framework/options/read-value.ts'
import { parseTtl } from '../../../framework/values/duration.ts'
import { logIn, requireContainerClient } from './container-client.ts'

type Flags = PlaceFlags &
  SubscriptionFlags & {
    readonly username?: string
    readonly password?: string
    readonly exposeToken?: true
    readonly scope?: readonly string[]
    readonly ttl?: number
    readonly helper?: true
    readonly removeHelper?: true
  }

/** `acrux acr login`. */
export const command = defineCommand<Flags>({
  about: `
The variable DOCKER_COMMAND selects the container client. Without DOCKER_COMMAND, the command tries docker, podman and
nerdctl in this order. The command passes the password to the client on standard input, never as an argument.

A login is valid for 3 hours. For a build step or for another person, you can limit the access of the login with
--scope, and the lifetime with --ttl. The login never allows more than your own permissions, and becomes invalid when
your own session is revoked. Registries of Azure do not support --scope and --ttl.

With --helper, container clients store no password, but run docker-credential-acrux. This program renews the login while
you are signed in. You can use --helper before you install a container client.`,
  flags: [
    { flags: '-n, --name <registry>', description: 'the name or the login server of the registry', required: true },
    { flags: '-g, --resource-group <group>', description: 'the resource group of the registry' },
    { flags: '-u, --username <name>', description: 'a user name of the registry, such as the name of a scoped token' },
    {
      flags: '-p, --password <password>',
      description:
        'with -u: - to read the password from stdin, @FILE to read the password from a file, or the password, which other users of this machine can see',
      secret: true,
    },
    {
      flags: '-t, --expose-token',
      description:
        'print a refresh token instead of signing a client in the token is a password that is valid for 3 hours',
    },
    { flags: '--suffix <suffix>', description: 'the tenant suffix in the login server of the registry' },
    {
      flags: '--scope <scope>',
      description: 'allow only this access, such as repository:team/app:pull; can be repeated',
      repeated: true,
    },
    { flags: '--ttl <time>', description: 'the lifetime of the login, such as 15m or 1h', parse: parseTtl },
    {
      flags: '--helper',
      description:
        'make docker, podman and other clients use docker-credential-acrux, which gets a new token for each login',
    },
    { flags: '--remove-helper', description: 'undo --helper' },
    subscriptionFlag,
  ],
  examples: [
    'acrux acr login -n contoso',
    'DOCKER_COMMAND=podman acrux acr login -n contoso',
    'acrux acr login -n contoso --expose-token --query refreshToken -o tsv',
    'acrux acr login -n contoso --scope repository:team/app:pull --ttl 15m',
    'acrux acr login -n contoso -u device -p @device.password',
    'acrux acr login -n contoso --helper',
  ],
  run: (flags, context) =>
    (flags.helper ?? flags.removeHelper) === undefined ? login(flags, context) : changeHelper(flags, context),
})

async function login(flags: Flags, context: CommandContext): Promise<unknown> {
  const { name, username, password, exposeToken } = flags
  if (exposeToken === true && (username ?? password) !== undefined)
    throw failure('`--expose-token` cannot be combined with `--username` or `--password`.')
  if (username === undefined && password !== undefined)
    throw failure('Please also specify username if password is specified.')
  if (username !== undefined && (flags.scope ?? flags.ttl) !== undefined)
    throw failure('--scope and --ttl cannot be combined with --username', 'sign in with acrux login')
  const client = exposeToken === true ? undefined : await requireContainerClient(context, name)
  const account = flags.subscription === undefined ? await findAccount(context) : await requireAccount(context, flags)
  const place = await findPlace(context, account, flags)
  if (username === undefined && name !== name.toLowerCase())
    context.log.warning(
      'Uppercase characters are detected in the registry name. When using its server url in docker commands, to avoid authentication errors, use all lowercase.',
    )
  const credentials =
    username === undefined
      ? await ownCredentials(context, account, place, narrowingOf(flags))
      : { username, password: await givenPassword(context, place, password) }
  const { loginServer } = place
  if (client !== undefined) {
    await logIn(context, client, { loginServer, ...credentials })
    return undefined
  }
  context.log.warning(
    'The token in both the accessToken and refreshToken fields is an ACR Refresh Token, not an ACR Access Token. This ACR Refresh Token cannot be used directly to authenticate with registry APIs such as pushing/pulling images and listing repositories/tags. This ACR Refresh Token must be subsequently exchanged for an ACR Access.Please see https://aka.ms/acr/auth/oauth',
  )
  context.log.warning(
    `You can perform manual login using the provided refresh token below, for example: 'docker login ${loginServer} -u ${nullGuid} --password-stdin'`,
  )
  return {
    accessToken: credentials.password,
    loginServer,
    refreshToken: credentials.password,
    username: nullGuid,
  }
}

/** `--helper` and `--remove-helper`, without a container client. */
async function changeHelper(flags: Flags, context: CommandContext): Promise<void> {
  const { name, username, exposeToken, scope, ttl, helper, removeHelper: isRemoved } = flags
  if ((username ?? exposeToken ?? scope ?? ttl) !== undefined || (helper === true && isRemoved === true))
    throw failure(
      '--helper and --remove-helper cannot be combined with each other, nor with --username, --expose-token, --scope and --ttl',
    )
  const { addHelper, removeHelper } = await import('../../credential-helper/set-up.ts')
  if (isRemoved === true) return removeHelper(context, name)
  const account = await requireAccount(context)
  const { loginServer, document } = await findPlace(context, account, flags)
  await addHelper(context, account, { name: document?.name ?? name, loginServer })
}

function narrowingOf({ scope, ttl }: Flags): Narrowing | undefined {
  return scope === undefined && ttl === undefined ? undefined : { scopes: scope ?? [], lifeSeconds: ttl }
}

type Credentials = { readonly username: string; readonly password: string }

/**
 * The null GUID with a refresh token. If the exchange is denied and the account may read the password of the admin
 * account, the login uses the admin account, as in az. A narrowed login never becomes a login of the admin account.
 */
async function ownCredentials(
  context: CommandContext,
  account: Account | undefined,
  place: Place,
  narrowing: Narrowing | undefined,
): Promise<Credentials> {
  if (account === undefined) throw failure("Please run 'acrux login' to setup account.")
  try {
    return {
      username: nullGuid,
      password: await account.acrRefreshToken(place.loginServer, { narrowing, isFresh: true }),
    }
  } catch (error) {
    const { document } = place
    if (document?.adminUserEnabled !== true || narrowing !== undefined || !(error instanceof CommandFailure))
      throw error
    context.log.warning(`Unable to get AAD authorization tokens with message: ${error.message}`)
    const url = `${document.id}/listCredentials?api-version=2025-03-01-preview`
    const { username, passwords } = recordOf(await askArm(account, { method: 'POST', url }).catch(() => undefined))
    const first = Array.isArray(passwords) ? recordOf(passwords[0])['value'] : undefined
    if (typeof username !== 'string' || typeof first !== 'string') throw error
    return { username, password: first }
  }
}

async function givenPassword(context: CommandContext, place: Place, password: string | undefined): Promise<string> {
  await requireChallenge(httpClientOf(context, place.cloud), place.loginServer)
  if (password !== undefined) return readSecret(password)
  if (context.isInteractive) return context.ask('Password: ', { hidden: true })
  throw failure(
    'Please specify both username and password in non-interactive mode.',
    'pass the password on standard input with --password -',
  )
}
