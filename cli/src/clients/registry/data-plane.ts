import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'
import { readSecret } from '../../framework/options/read-value.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { terminalText } from '../../framework/terminal/terminal-text.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { type NamedRegistry, RegistryNotFound, askRegistry, getNamedRegistry } from '../arm/named-registry.ts'
import { type HttpClient, type HttpResponse, formRequest, jsonOf } from '../http/http.ts'
import { type Account, findAccount, httpClientOf, recordOf, requireCloud } from '../session/account.ts'
import { ExchangeDenied, requireChallenge } from '../tokens/acr-exchange.ts'
import { guessLoginServer } from './guess-login-server.ts'

/** How to authenticate to a registry. Without a user name, the signed-in account is used. */
export type AccessFlags = SubscriptionFlags & {
  readonly suffix?: string
  readonly username?: string
  readonly password?: string
}

/** Describes {@link AccessFlags}. */
export const accessFlags: readonly FlagDescription[] = [
  { flags: '--suffix <suffix>', description: 'the tenant suffix in the login server of the registry' },
  { flags: '-u, --username <name>', description: 'a user name of the registry, such as the name of a scoped token' },
  {
    flags: '-p, --password <password>',
    description:
      'with -u: - to read the password from stdin, @FILE to read the password from a file, or the password, which other users of this machine can see',
    secret: true,
  },
  subscriptionFlag,
]

/** Access to the data plane of a registry. */
export type Access = {
  readonly http: HttpClient
  readonly loginServer: string
  readonly authorization: string
}

/** A request to the data plane. */
type DataRequest = {
  readonly method: 'GET' | 'PATCH' | 'DELETE' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  readonly accept?: string
}

/** The registry denied a request of the data plane. */
export class RegistryError extends CommandFailure {
  override readonly name = 'RegistryError'
  readonly status: number

  constructor(status: number, message: string, { exitCode, nextStep }: { exitCode: number; nextStep?: string }) {
    super(message, exitCode, nextStep)
    this.status = status
  }
}

/**
 * Gets access to a registry with an access scope such as `repository:team/app:pull`. The function tries the credentials
 * in the flags, the account and the admin account, in this order. [az-cli-wire §4.4]
 *
 * @throws CommandFailure if the registry denies all credentials
 */
export async function openAccess(
  context: CommandContext,
  registry: string,
  flags: AccessFlags,
  scope: string,
): Promise<Access> {
  return (await openRegistry(context, registry, flags)).access(scope)
}

/** A registry, for commands that need several access scopes. */
export type OpenRegistry = {
  readonly loginServer: string
  /** Gets access with an access scope. @throws CommandFailure if the registry denies the access */
  readonly access: (scope: string) => Promise<Access>
}

/**
 * Finds a registry, with the same credentials as {@link openAccess}. @throws CommandFailure if the flags contradict
 * each other
 */
export async function openRegistry(
  context: CommandContext,
  registry: string,
  flags: AccessFlags,
): Promise<OpenRegistry> {
  const { username, password } = flags
  if (username === undefined && password !== undefined)
    throw failure('Please also specify username if password is specified.')
  const place = await findPlace(context, registry, flags)
  const { http, loginServer } = place
  const given =
    username === undefined
      ? undefined
      : { username, password: password === undefined ? await askPassword(context) : await readSecret(password) }
  const authorize = async (scope: string): Promise<string> => {
    if (given !== undefined) return passwordToken(place, { ...given, scope })
    const reason = await withAccount(place, scope)
    if (typeof reason === 'string') return reason
    context.log.warning(`Unable to get AAD authorization tokens with message: ${reason.message}`)
    return adminOrAsked(context, place, { scope, reason })
  }
  return { loginServer, access: async (scope) => ({ http, loginServer, authorization: await authorize(scope) }) }
}

/** Sends a request to the data plane. @throws RegistryError with az's message */
export async function askDataPlane(access: Access, request: DataRequest): Promise<HttpResponse> {
  const { method, path, query, body, accept } = request
  const response = await access.http.send({
    method,
    url: `https://${access.loginServer}${path}${query === undefined ? '' : `?${new URLSearchParams(query).toString()}`}`,
    headers: {
      authorization: access.authorization,
      ...(accept !== undefined && { accept }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (response.status < 300) return response
  throw registryError(response, method)
}

/** The JSON of a response, or undefined if the response has no JSON. `member` selects a part of the JSON. */
export function documentIn(response: HttpResponse, member?: string): unknown {
  const document = response.body.length === 0 ? undefined : jsonOf(response)
  return member === undefined ? document : valueAt(document, member)
}

/** Runs a `show` command. As in az, a missing object causes the exit code 3. */
export async function orNotFound<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof RegistryError) || error.status !== 404) throw error
    throw new CommandFailure(error.message, 3, error.nextStep, { cause: error })
  }
}

type Place = {
  readonly http: HttpClient
  readonly loginServer: string
  readonly account: Account | undefined
  /** Undefined if the account cannot see the registry. */
  readonly known: (NamedRegistry & { readonly response: unknown }) | undefined
}

async function findPlace(context: CommandContext, registry: string, flags: AccessFlags): Promise<Place> {
  const account = await findAccount(context)
  const known = account && (await findKnown(context, registry, flags))
  if (known !== undefined) {
    const loginServer = String(valueAt(known.response, 'properties.loginServer'))
    if (flags.suffix !== undefined)
      context.log.warning(
        `Obtained registry login server '${loginServer}' from service. The specified suffix '${flags.suffix}' is ignored.`,
      )
    return { http: known.account.http, loginServer, account: known.account, known }
  }
  const profile = await openProfile(context.env).read()
  const cloud = account?.cloud ?? requireCloud(profile, profile.activeCloud)
  const http = account?.http ?? httpClientOf(context, cloud)
  const name = registry.replace(cloud.suffixes['acrLoginServerEndpoint'] ?? '', '')
  const loginServer = await guessLoginServer(http, cloud, { name, suffix: flags.suffix })
  return { http, loginServer, account, known: undefined }
}

async function findKnown(context: CommandContext, name: string, flags: AccessFlags) {
  try {
    return await getNamedRegistry(context, { name, ...selection(flags) })
  } catch (error) {
    if (error instanceof RegistryNotFound) return undefined
    throw error
  }
}

/** The Authorization header for the account, or the reason why the registry denied the account. */
async function withAccount({ http, loginServer, account }: Place, scope: string): Promise<string | CommandFailure> {
  await requireChallenge(http, loginServer)
  if (account === undefined) return failure("Please run 'acrux login' to setup account.")
  try {
    const refreshToken = await account.acrRefreshToken(loginServer)
    const form = { grant_type: 'refresh_token', service: loginServer, scope }
    const response = await tokenResponse(http, loginServer, { ...form, refresh_token: refreshToken })
    if (response.status !== 401) return bearer(loginServer, response)
    // A stored refresh token may have been revoked with an earlier sign-in.
    const renewed = await account.acrRefreshToken(loginServer, { isFresh: true })
    return bearer(loginServer, await tokenResponse(http, loginServer, { ...form, refresh_token: renewed }))
  } catch (error) {
    if (error instanceof ExchangeDenied || error instanceof AccessDenied) return error
    throw error
  }
}

async function adminOrAsked(
  context: CommandContext,
  place: Place,
  { scope, reason }: { readonly scope: string; readonly reason: CommandFailure },
): Promise<string> {
  const { known } = place
  if (known !== undefined && valueAt(known.response, 'properties.adminUserEnabled') === true) {
    const credentials = recordOf(await askRegistry(known, 'POST', { path: '/listCredentials' }))
    const [first] = Array.isArray(credentials['passwords']) ? (credentials['passwords'] as unknown[]) : []
    return basic(String(credentials['username']), String(valueAt(first, 'value')))
  }
  const why = known === undefined ? 'the registry is not visible to the account' : 'Admin user is disabled.'
  context.log.warning(`Unable to get admin user credentials with message: ${why}`)
  if (!context.isInteractive) {
    throw failure(
      'Unable to authenticate using AAD or admin login credentials. Please specify both username and password in non-interactive mode.',
      reason.nextStep,
      reason,
    )
  }
  const username = await context.ask('Username: ')
  return passwordToken(place, { username, password: await askPassword(context), scope })
}

async function askPassword(context: CommandContext): Promise<string> {
  if (!context.isInteractive) throw failure('Please specify both username and password in non-interactive mode.')
  return context.ask('Password: ', { hidden: true })
}

/** The Authorization header for a user name and a password of the registry. */
async function passwordToken(
  { http, loginServer }: Place,
  { username, password, scope }: { readonly username: string; readonly password: string; readonly scope: string },
): Promise<string> {
  const { service } = await requireChallenge(http, loginServer)
  const form = { grant_type: 'password', service, username, password, scope }
  return bearer(loginServer, await tokenResponse(http, loginServer, form))
}

/** The registry issued no access token. */
class AccessDenied extends CommandFailure {
  override readonly name = 'AccessDenied'
}

function tokenResponse(http: HttpClient, loginServer: string, form: Record<string, string>): Promise<HttpResponse> {
  return http.send(formRequest(`https://${loginServer}/oauth2/token`, form))
}

function bearer(loginServer: string, response: HttpResponse): string {
  const token = response.status === 200 ? valueAt(jsonOf(response), 'access_token') : undefined
  if (typeof token === 'string') return `Bearer ${token}`
  const { status, correlationId } = response
  throw new AccessDenied(
    `An error occurred: CONNECTIVITY_ACCESS_TOKEN_ERROR\nAccess to registry '${loginServer}' was denied. Response code: ${status}.`,
    1,
    correlationId === undefined ? undefined : `acrux acr why ${correlationId} explains the denial`,
  )
}

function basic(username: string, password: string): string {
  return username === nullGuid
    ? `Bearer ${password}`
    : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

const defaultMessages: Readonly<Record<number, string>> = {
  401: 'Authentication required.',
  404: 'The requested data does not exist.',
  405: 'This operation is not supported.',
  409: 'Failed to request data due to a conflict.',
}

function registryError(response: HttpResponse, method: string): RegistryError {
  const { status, correlationId } = response
  const errors = valueAt(jsonOf(response), 'errors')
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  const message = valueAt(first, 'message')
  const detail = valueAt(first, 'detail')
  const text =
    typeof message === 'string'
      ? `Error: ${message}${typeof detail === 'string' ? ` Detail: ${detail}` : ''}`
      : (defaultMessages[status] ?? `Could not ${method.toLowerCase()} the requested data.`)
  const sentence = text.endsWith('.') ? text : `${text}.`
  return new RegistryError(
    status,
    terminalText(correlationId === undefined ? sentence : `${sentence} Correlation ID: ${correlationId}.`),
    {
      exitCode: 1,
      ...((status === 401 || status === 403) &&
        correlationId !== undefined && { nextStep: `acrux acr why ${correlationId} explains the denial` }),
    },
  )
}

/** This type contains only the subscription because the option `name` has another meaning in some commands. */
function selection({ subscription }: SubscriptionFlags): SubscriptionFlags {
  return subscription === undefined ? {} : { subscription }
}
