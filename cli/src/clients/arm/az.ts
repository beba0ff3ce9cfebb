import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure, WrongUsageError } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { type Account, type AccountFlags, findAccount, httpClientOf, requireAccount } from '../session/account.ts'
import { exchangeForAcrToken } from '../tokens/acr-exchange.ts'
import type { AccessToken } from '../tokens/sign-in-tokens.ts'
import { unverifiedClaim } from '../tokens/token-claim.ts'
import { ApiError, askArm } from './arm.ts'
import { findRegistry } from './registry.ts'

/*
 * The signed-in account, for commands that also work without `acrux login`. If nobody is signed in with acrux, the
 * commands use the account of az. Failures have the exit code 3.
 */

const azTimeoutMs = 120_000

/** This limit is larger than the largest output of az, which contains tokens. */
const maxOutputBytes = 1024 * 1024

/**
 * The account of `acrux login`, or the account of `az login` if nobody is signed in with acrux. @throws CommandFailure
 * if neither account exists
 */
export async function requireAnyAccount(context: CommandContext, flags: AccountFlags = {}): Promise<Account> {
  if ((await findAccount(context)) !== undefined) return requireAccount(context, flags)
  const known = azAccounts.get(context) ?? azAccount(context, flags)
  azAccounts.set(context, known)
  return known
}

/** The account is cached because az takes a second to answer. */
const azAccounts = new WeakMap<CommandContext, Promise<Account>>()

/** The account of az. az stores and renews the tokens of the account. */
async function azAccount(context: CommandContext, flags: AccountFlags): Promise<Account> {
  const selected = flags.subscription === undefined ? [] : ['--subscription', flags.subscription]
  const document = (args: readonly string[]) => JSON.parse(az([...args, '--output', 'json'])) as unknown
  const subscription = document(['account', 'show', ...selected]) as Account['subscription']
  const cloud = await withAuthorities(context, document(['cloud', 'show']) as Cloud)
  const http = httpClientOf(context, cloud)
  const tokenFor = async (...audience: readonly string[]): Promise<AccessToken> => {
    const issued = document(['account', 'get-access-token', ...audience, ...selected])
    return { token: String(valueAt(issued, 'accessToken')), expiresAtMs: Number(valueAt(issued, 'expires_on')) * 1000 }
  }
  const tokens = new Map<string, Promise<AccessToken>>()
  const forResource = async (resource: string): Promise<string> => {
    const token = tokens.get(resource) ?? tokenFor('--resource', resource)
    tokens.set(resource, token)
    return (await token).token
  }
  return {
    subscription,
    cloud,
    http,
    token: (scope) => tokenFor('--scope', scope),
    armToken: () => forResource(cloud.endpoints.activeDirectoryResourceId),
    graphToken: () => forResource(cloud.endpoints['microsoftGraphResourceId'] ?? ''),
    acrRefreshToken: async (loginServer, { narrowing } = {}) => {
      const identityToken = await forResource(cloud.endpoints.activeDirectoryResourceId)
      return exchangeForAcrToken(http, loginServer, { tenantId: subscription.tenantId, identityToken, narrowing })
    },
  }
}

/** The cloud with the certificate authorities that az trusts, if az does not trust the system's authorities. */
async function withAuthorities({ env }: CommandContext, cloud: Cloud): Promise<Cloud> {
  const file = env['REQUESTS_CA_BUNDLE'] ?? ''
  if (file === '') return cloud
  const ca = await readFile(file, 'utf8').catch((error: unknown) => {
    return notFoundOnServer(`REQUESTS_CA_BUNDLE cannot be read: ${plainReason(error)}`)
  })
  return { ...cloud, ca }
}

/** The ARM id of a registry in the active subscription. @throws CommandFailure if the registry does not exist */
export async function registryIdOf(context: CommandContext, name: string): Promise<string> {
  const account = await requireAnyAccount(context)
  const found = await translated(() => findRegistry(account, name))
  const message = `the registry ${name} does not exist, or the signed-in principal cannot see the registry`
  return found?.id ?? notFoundOnServer(message, 'list the registries: acrux acr list -o table')
}

/** Sends a GET to the management API. `url` may be a path. Undefined if the response is 404. @throws CommandFailure */
export async function getFromArm(context: CommandContext, url: string): Promise<unknown> {
  const account = await requireAnyAccount(context)
  return translated(() => askArm(account, { method: 'GET', url }))
}

/** Sends JSON to the management API. @throws CommandFailure if the request is denied */
export async function postToArm(context: CommandContext, url: string, body: object): Promise<unknown> {
  const account = await requireAnyAccount(context)
  const answer = await translated(() => askArm(account, { method: 'POST', url, body }))
  return answer ?? notFoundOnServer(`the management API does not serve ${url}`)
}

/** The ARM path of the active subscription. @throws CommandFailure if nobody is signed in */
export async function subscriptionPath(context: CommandContext): Promise<string> {
  return `/subscriptions/${(await requireAnyAccount(context)).subscription.id}`
}

/** The object id of the signed-in principal: the `oid` claim of the principal's access token. @throws CommandFailure */
export async function signedInObjectId(context: CommandContext): Promise<string> {
  const token = await (await requireAnyAccount(context)).armToken()
  return unverifiedClaim(token, 'oid') ?? notSignedIn()
}

/** Requires that the active cloud is this server. @throws CommandFailure if another server is active */
export async function requireSignedInAt(context: CommandContext, server: string | undefined): Promise<void> {
  if (server === undefined) return
  const { cloud } = await requireAnyAccount(context)
  const active = cloud.endpoints.resourceManager
  if (originOf(active) !== undefined && originOf(active) === originOf(server)) return
  throw new CommandFailure(
    `the active cloud is ${active}, not ${server}`,
    3,
    `sign in to this server: acrux login --server ${server}`,
  )
}

function originOf(url: string): string | undefined {
  return URL.parse(url)?.origin
}

/** Runs az and returns its output. @throws CommandFailure */
function az(args: readonly string[]): string {
  const options = { encoding: 'utf8', timeout: azTimeoutMs, maxBuffer: maxOutputBytes } as const
  const { error, status, stdout, stderr } = spawnSync('az', args, options)
  if (error === undefined) return status === 0 ? stdout : notFoundOnServer(stderr.trim())
  if (systemErrorCode(error) === 'ENOENT') return notSignedIn()
  return notFoundOnServer(`az cannot be run: ${plainReason(error)}`)
}

/** Undefined for a resource that does not exist; other errors of ARM have the same exit code as in az. */
async function translated<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
  return orNotAsked(async () => {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined
      throw error
    }
  })
}

/**
 * Sends a question to the server. A failure has the exit code 3, because 1 means a negative answer. @throws
 * CommandFailure
 */
export async function orNotAsked<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof CommandFailure) || error instanceof WrongUsageError) throw error
    throw new CommandFailure(error.message, 3, error.nextStep, { cause: error })
  }
}

function notSignedIn(): never {
  throw new CommandFailure('nobody is signed in', 3, 'sign in: acrux login --server URL')
}

/** @throws CommandFailure always, with the exit code 3 */
export function notFoundOnServer(message: string, nextStep?: string): never {
  throw new CommandFailure(message, 3, nextStep)
}
