import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import {
  type RegistryFlags,
  findNamedRegistry,
  registryFlags,
  requireRegistryId,
} from '../../../clients/arm/named-registry.ts'
import { requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../../framework/command/failure.ts'
import { readSecret } from '../../../framework/options/read-value.ts'
import { parseTtl } from '../../../framework/values/duration.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { type ExpiryFlags, expiryFlags, expiryOf, generatePasswords } from '../token/passwords.ts'
import { findLoginServer } from './login-server.ts'

type Flags = RegistryFlags &
  ExpiryFlags & {
    readonly secretName: string
    readonly namespace?: string
    readonly token?: string
    readonly password1?: true
    readonly password2?: true
    readonly username?: string
    readonly password?: string
    readonly scope?: readonly string[]
    readonly ttl?: number
  }

/** `acrux acr pull-secret`. */
export const command = defineCommand<Flags>({
  about: `
The command prints a Secret of the type kubernetes.io/dockerconfigjson, for kubectl apply -f -. It contains a password.

With --token, the secret contains a new password of a scoped token. Without --token, the secret contains a login of
your own account for at most 3 hours, for tests and short jobs.`,
  flags: [
    ...registryFlags,
    { flags: '--secret-name <name>', description: 'the name of the Secret', default: 'acrux-pull' },
    { flags: '--namespace <namespace>', description: 'the namespace of the Secret. Default: the namespace of kubectl' },
    {
      flags: '--token <token>',
      description: 'generate a password of this scoped token which replaces the earlier password',
    },
    { flags: '--password1', description: 'with --token: generate password1' },
    { flags: '--password2', description: 'with --token: generate password2' },
    ...expiryFlags,
    { flags: '-u, --username <name>', description: 'a user name, such as the application id of a service principal' },
    {
      flags: '-p, --password <password>',
      description: 'with -u: - to read the password from stdin, or @FILE to read it from a file',
      secret: true,
    },
    {
      flags: '--scope <scope>',
      description: 'for your own login: allow only this access, such as repository:team/app:pull; can be repeated',
      repeated: true,
    },
    { flags: '--ttl <time>', description: 'the lifetime of your own login, such as 15m or 1h', parse: parseTtl },
  ],
  examples: [
    'acrux acr pull-secret -n contoso --token cluster --password1 --namespace team | kubectl apply -f -',
    'acrux acr pull-secret -n contoso -u 11111111-2222-4333-8444-555555555555 -p @secret | kubectl apply -f -',
    'acrux acr pull-secret -n contoso --scope repository:team/app:pull --ttl 1h -o yaml',
  ],
  run: async (flags, context) => {
    requireNames(flags)
    const { loginServer, username, password } = await loginOf(flags, context)
    if (process.stdout.isTTY)
      context.log.warning(
        'the output contains a password: pipe the output to kubectl apply -f - instead of showing the password',
      )
    return secretManifest(flags, { loginServer, username, password })
  },
})

/** The names that Kubernetes accepts. [RFC 1123; kubernetes.io, Object Names and IDs] */
function requireNames({ secretName, namespace }: Flags): void {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  if (secretName.length > 253 || !new RegExp(`^${label}(?:\\.${label})*$`).test(secretName))
    throw new WrongUsageError('--secret-name must consist of lower-case letters, digits, hyphens and dots')
  if (namespace !== undefined && !new RegExp(`^${label}$`).test(namespace))
    throw new WrongUsageError('--namespace must be at most 63 lower-case letters, digits and hyphens')
}

type Login = { readonly loginServer: string; readonly username: string; readonly password: string }

/** The document that `kubectl create secret docker-registry` creates. */
function secretManifest({ secretName, namespace }: Flags, { loginServer, username, password }: Login): object {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  const config = JSON.stringify({ auths: { [loginServer]: { username, password, auth } } })
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName, ...(namespace !== undefined && { namespace }) },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  }
}

/** @throws WrongUsageError if options of different logins are combined */
function requireOneLogin({ token, username, password, scope, ttl, ...flags }: Flags): void {
  if (token !== undefined && (username ?? password ?? scope ?? ttl) !== undefined)
    throw new WrongUsageError('--token cannot be combined with --username, --password, --scope or --ttl')
  const needsToken = [flags.password1, flags.password2, flags.expiration, flags.expirationInDays]
  if (token === undefined && needsToken.some((each) => each !== undefined))
    throw new WrongUsageError('--password1, --password2 and the expiration need --token')
  if (username !== undefined && (scope ?? ttl) !== undefined)
    throw new WrongUsageError('--scope and --ttl cannot be combined with --username')
  if (username === undefined && password !== undefined) throw new WrongUsageError('--password needs --username')
}

async function loginOf(flags: Flags, context: CommandContext): Promise<Login> {
  const { token, username, scope, ttl } = flags
  requireOneLogin(flags)
  if (token !== undefined) return withToken(flags, context, token)
  if (username !== undefined) {
    const { loginServer } = await findLoginServer(context, flags, undefined)
    return { loginServer, username, password: await givenPassword(context, flags) }
  }
  const account = await requireAccount(context, flags)
  const { loginServer } = await findLoginServer(context, flags, account)
  const narrowing = (scope ?? ttl) === undefined ? undefined : { scopes: scope ?? [], lifeSeconds: ttl }
  return {
    loginServer,
    username: nullGuid,
    password: await account.acrRefreshToken(loginServer, { narrowing, isFresh: true }),
  }
}

async function givenPassword(context: CommandContext, { password }: Flags): Promise<string> {
  if (password === undefined) return context.ask('Password: ', { hidden: true })
  if (password !== '-' && !password.startsWith('@'))
    throw new WrongUsageError('--password must be - or @FILE', 'other users of this machine can see the arguments')
  return readSecret(password)
}

async function withToken(flags: Flags, context: CommandContext, token: string): Promise<Login> {
  const { password1, password2 } = flags
  if (password1 === password2)
    throw new WrongUsageError(
      '--token needs --password1 or --password2: the command replaces the password with this name',
      `show the passwords in use: acrux acr token show -r ${flags.name} -n ${token}`,
    )
  const named = await findNamedRegistry(context, flags)
  const { loginServer } = await findLoginServer(context, { ...flags, name: named.name }, named.account)
  const tokenId = `${await requireRegistryId(named.account, named.name)}/tokens/${token}`
  const name = password1 === true ? 'password1' : 'password2'
  const generated = await generatePasswords(named, { tokenId, name, expiry: expiryOf(flags) })
  const passwords = valueAt(generated, 'passwords')
  const found = (Array.isArray(passwords) ? (passwords as unknown[]) : []).find(
    (each) => valueAt(each, 'name') === name,
  )
  const value = valueAt(found, 'value')
  if (typeof value !== 'string') throw failure(`the registry generated no ${name} for the token ${token}`)
  return { loginServer, username: String(valueAt(generated, 'username')), password: value }
}
