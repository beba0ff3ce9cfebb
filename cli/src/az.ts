import { plainReason, systemErrorCode } from '@acrux/server/plain-reason'
import { spawnSync } from 'node:child_process'
import { findAccount } from './account/account.ts'
import { ApiError, askArm, pathOf } from './account/arm.ts'
import { findRegistry } from './acr/registry.ts'
import type { CommandContext } from './command/context.ts'
import { CommandFailure } from './command/failure.ts'
import { unverifiedClaim } from './token-claim.ts'

/*
 * The management API for commands that also work without `acrux login`: they ask as the account that is signed in, and
 * through az otherwise. Failures have the exit code 3.
 */

const azTimeoutMs = 120_000

/** A page of a thousand events has several megabytes. */
const maxOutputBytes = 64 * 1024 * 1024

/** The ARM id of a registry in the active subscription. @throws CommandFailure if it does not exist */
export async function registryIdOf(context: CommandContext, name: string): Promise<string> {
  const account = await findAccount(context)
  const id = account === undefined ? idFromAz(name) : (await translated(() => findRegistry(account, name)))?.id
  return id ?? notFoundOnServer(`the registry ${name} does not exist, or is not visible to the signed-in principal`)
}

function idFromAz(name: string): string | undefined {
  return az(['acr', 'show', '--name', name, '--query', 'id', '--output', 'tsv'])?.trim()
}

/** Sends a GET to the management API. `url` may be a path. Undefined if the response is 404. @throws CommandFailure */
export async function getFromArm(context: CommandContext, url: string): Promise<unknown> {
  const account = await findAccount(context)
  if (account !== undefined) return translated(() => askArm(account, { method: 'GET', url }))
  const answer = az(['rest', '--method', 'get', '--url', url, '--output', 'json'])
  return answer === undefined ? undefined : (JSON.parse(answer) as unknown)
}

/** Gets the next page. The host of the link is ignored, so that the token is sent only to the active cloud. */
export function getNextFromArm(context: CommandContext, nextLink: string): Promise<unknown> {
  return getFromArm(context, pathOf(nextLink))
}

/** Sends JSON to the management API. @throws CommandFailure if the request is denied */
export async function postToArm(context: CommandContext, url: string, body: object): Promise<unknown> {
  const missing = () => notFoundOnServer(`the management API does not serve ${url}`)
  const account = await findAccount(context)
  if (account !== undefined)
    return (await translated(() => askArm(account, { method: 'POST', url, body }))) ?? missing()
  const args = ['rest', '--method', 'post', '--url', url, '--body', JSON.stringify(body), '--output', 'json']
  return JSON.parse(az(args) ?? missing()) as unknown
}

/** The ARM path of the active subscription. @throws CommandFailure if nobody is signed in */
export async function subscriptionPath(context: CommandContext): Promise<string> {
  const account = await findAccount(context)
  const id = account?.subscription.id ?? az(['account', 'show', '--query', 'id', '--output', 'tsv'])?.trim()
  return `/subscriptions/${id ?? notSignedIn()}`
}

/** The object id of the signed-in principal: the `oid` claim of its access token. @throws CommandFailure */
export async function signedInObjectId(context: CommandContext): Promise<string> {
  const account = await findAccount(context)
  const token =
    account === undefined
      ? az(['account', 'get-access-token', '--query', 'accessToken', '--output', 'tsv'])?.trim()
      : await account.armToken()
  return unverifiedClaim(token ?? '', 'oid') ?? notSignedIn()
}

/** Requires that the active cloud is this server. @throws CommandFailure if it is another one */
export async function requireSignedInAt(context: CommandContext, server: string | undefined): Promise<void> {
  if (server === undefined) return
  const account = await findAccount(context)
  const cloud =
    account?.cloud.endpoints.resourceManager ??
    az(['cloud', 'show', '--query', 'endpoints.resourceManager', '--output', 'tsv'])?.trim() ??
    ''
  if (originOf(cloud) !== undefined && originOf(cloud) === originOf(server)) return
  throw new CommandFailure(
    `the active cloud is ${cloud}, not ${server}`,
    3,
    `sign in to it: acrux login --server ${server}`,
  )
}

function originOf(url: string): string | undefined {
  return URL.parse(url)?.origin
}

/** Runs az and returns its output. Undefined if az reports that the resource does not exist. */
function az(args: readonly string[]): string | undefined {
  const options = { encoding: 'utf8', timeout: azTimeoutMs, maxBuffer: maxOutputBytes } as const
  const { error, status, stdout, stderr } = spawnSync('az', args, options)
  if (error !== undefined) {
    if (systemErrorCode(error) === 'ENOENT') return notSignedIn()
    return notFoundOnServer(`az cannot be run: ${plainReason(error)}`)
  }
  if (status === 0) return stdout
  if (/\b(?:ResourceNotFound|could not be found|not found)\b/i.test(stderr)) return undefined
  return notFoundOnServer(stderr.trim())
}

/** Undefined for a resource that does not exist; other errors of ARM get the exit code of az's failures. */
async function translated<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    if (error instanceof CommandFailure) throw new CommandFailure(error.message, 3, error.nextStep, { cause: error })
    throw error
  }
}

function notSignedIn(): never {
  throw new CommandFailure('nobody is signed in', 3, 'sign in: acrux login --server URL')
}

/** @throws CommandFailure with the exit code 3 always */
export function notFoundOnServer(message: string): never {
  throw new CommandFailure(message, 3)
}
