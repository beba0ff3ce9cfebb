import { readFile } from 'node:fs/promises'
import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { HttpClient } from '../../../clients/http/http.ts'
import { type Account, requireAccount } from '../../../clients/session/account.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../../framework/command/failure.ts'
import type { SubscriptionFlags } from '../../../framework/options/flags.ts'
import { readSecret } from '../../../framework/options/read-value.ts'
import { isRecord } from '../../../framework/values/record.ts'
import { isMatch, parsePulledImage } from '../../credential-provider/image-pattern.ts'
import { logIn } from '../../credential-provider/log-in.ts'
import { type ProviderSettings, readSettings } from '../../credential-provider/settings.ts'

/** How a check logs in. */
export type NodeLoginFlags = SubscriptionFlags & {
  readonly username?: string
  readonly password?: string
  readonly credentialProviderConfig?: string
  readonly serviceAccountToken?: string
}

/** Describes {@link NodeLoginFlags}. */
export const nodeLoginFlags: readonly FlagDescription[] = [
  {
    flags: '--credential-provider-config <file>',
    description: 'log in as acrux-credential-provider does with this configuration file of the kubelet',
  },
  {
    flags: '--service-account-token <file>',
    description: 'a file with a token of a service account: kubectl create token NAME --audience AUDIENCE',
  },
  { flags: '-u, --username <name>', description: 'log in with a user name, such as the user name of a pull secret' },
  {
    flags: '-p, --password <password>',
    description: 'with -u: - to read the password from stdin, or @FILE to read it from a file',
    secret: true,
  },
]

type Environment = Readonly<Record<string, string | undefined>>

/** A way to log in. */
export type NodeLogin =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'provider'
      readonly settings: ProviderSettings
      readonly env: Environment
      readonly serviceAccountToken: string | undefined
    }

/** The login in the flags. @throws CommandFailure if the flags are wrong, or nobody is signed in */
export async function nodeLoginOf(flags: NodeLoginFlags, context: CommandContext): Promise<NodeLogin> {
  const { username, password, credentialProviderConfig: config, serviceAccountToken: tokenFile } = flags
  if (config !== undefined) {
    if ((username ?? password) !== undefined)
      throw new WrongUsageError('--credential-provider-config cannot be combined with --username or --password')
    const { args, variables } = await readProviderEntry(config)
    const env = { ...context.env, ...variables }
    const token = tokenFile === undefined ? undefined : (await readSecret(`@${tokenFile}`)).trim()
    return { kind: 'provider', settings: await readSettings(args, env), env, serviceAccountToken: token }
  }
  if (tokenFile !== undefined) throw new WrongUsageError('--service-account-token needs --credential-provider-config')
  if (username === undefined) {
    if (password !== undefined) throw new WrongUsageError('--password needs --username')
    return { kind: 'account', account: await requireAccount(context, flags) }
  }
  if (password === undefined || (password !== '-' && !password.startsWith('@')))
    throw new WrongUsageError('--username needs --password - or --password @FILE')
  return { kind: 'password', username, password: await readSecret(password) }
}

/** The arguments and the variables of acrux-credential-provider in a configuration of the kubelet. */
async function readProviderEntry(file: string): Promise<{ args: string[]; variables: Record<string, string> }> {
  const { parse } = await import('yaml')
  const config: unknown = await readFile(file, 'utf8').then(parse, (error: unknown) => {
    throw failure(`the file ${file} cannot be read: ${plainReason(error)}`, undefined, error)
  })
  const listIn = (value: unknown, name: string): unknown[] => {
    const found = isRecord(value) ? value[name] : undefined
    return Array.isArray(found) ? (found as unknown[]) : []
  }
  const entry = listIn(config, 'providers').find(
    (each) => isRecord(each) && each['name'] === 'acrux-credential-provider',
  )
  if (entry === undefined)
    throw failure(
      `${file} has no provider acrux-credential-provider`,
      'pass the CredentialProviderConfig of the kubelet',
    )
  const variables = listIn(entry, 'env').filter(isRecord)
  return {
    args: listIn(entry, 'args').map(String),
    variables: Object.fromEntries(variables.map(({ name, value }) => [String(name), String(value)])),
  }
}

/** A user name and a password of a registry. */
export type Credentials = { readonly username: string; readonly password: string }

/** The user name and the password for a registry. @throws CommandFailure if the login is denied */
export async function credentialsAt(
  login: NodeLogin,
  http: HttpClient,
  { loginServer, repository }: { readonly loginServer: string; readonly repository: string | undefined },
): Promise<Credentials> {
  switch (login.kind) {
    case 'password':
      return login
    case 'account':
      return { username: nullGuid, password: await login.account.acrRefreshToken(loginServer, { isFresh: true }) }
    case 'provider': {
      const { settings, env, serviceAccountToken } = login
      const image = parsePulledImage(`${loginServer}/${repository ?? 'any'}`)
      if (image === undefined || !settings.registries.some((pattern) => isMatch(pattern, image)))
        throw failure(
          `acrux-credential-provider is not configured for ${loginServer}/${repository ?? ''}`,
          `add --registry=${loginServer} to its args, and ${loginServer} to its matchImages`,
        )
      const request = { image: '', serviceAccountToken, serviceAccountAnnotations: {} }
      return { username: nullGuid, password: await logIn({ http, settings, env }, image, request) }
    }
  }
}
