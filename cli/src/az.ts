import { plainReason, systemErrorCode } from '@acrux/server/plain-reason'
import { spawnSync } from 'node:child_process'
import { unverifiedClaim } from './token-claim.ts'

const timeoutMs = 120_000

/** A page of a thousand events has several megabytes. */
const maxOutputBytes = 64 * 1024 * 1024

/** The ARM id of a registry in az's active subscription. Exits with 3 if it does not exist. */
export function registryIdOf(name: string): string {
  const id = az(['acr', 'show', '--name', name, '--query', 'id', '--output', 'tsv'])
  return (
    id?.trim() ??
    fail(`the registry ${name} does not exist, or is not visible to the principal that az is signed in as`)
  )
}

/** Sends a GET to the management API of az's active cloud. `url` may be a path. Undefined if the response is 404; exits with 3 if az fails. */
export function getFromArm(url: string): unknown {
  const answer = az(['rest', '--method', 'get', '--url', url, '--output', 'json'])
  return answer === undefined ? undefined : (JSON.parse(answer) as unknown)
}

/** Gets the next page. The host of the link is ignored, so that az sends its token only to its active cloud. */
export function getNextFromArm(nextLink: string): unknown {
  const { pathname, search } = new URL(nextLink)
  return getFromArm(`${pathname}${search}`)
}

/** Sends JSON to the management API of az's active cloud. Exits with 3 if the request is denied. */
export function postToArm(url: string, body: object): unknown {
  const args = ['rest', '--method', 'post', '--url', url, '--body', JSON.stringify(body), '--output', 'json']
  const answer = az(args) ?? fail(`the management API does not serve ${url}`)
  return JSON.parse(answer) as unknown
}

/** The ARM path of az's active subscription. Exits with 3 if az is not signed in. */
export function subscriptionPath(): string {
  const id =
    az(['account', 'show', '--query', 'id', '--output', 'tsv'])?.trim() ?? fail('az is not signed in: run az login')
  return `/subscriptions/${id}`
}

/** The object id of the principal that az is signed in as: the `oid` claim of its access token. Exits with 3 if there is none. */
export function signedInObjectId(): string {
  const token = az(['account', 'get-access-token', '--query', 'accessToken', '--output', 'tsv'])?.trim() ?? ''
  return unverifiedClaim(token, 'oid') ?? fail('az is not signed in: run az login')
}

/** Requires that az's active cloud is this server, because az sends its token to any URL. Exits with 3 if it is not. */
export function requireSignedInAt(server: string | undefined): void {
  if (server === undefined) return
  const cloud = az(['cloud', 'show', '--query', 'endpoints.resourceManager', '--output', 'tsv'])?.trim() ?? ''
  if (originOf(cloud) !== undefined && originOf(cloud) === originOf(server)) return
  fail(
    `the active cloud of az is ${cloud}, not ${server}. Run: az cloud register -n acrux --endpoint-resource-manager ${server}; az cloud set -n acrux; az login`,
  )
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/** Runs az and returns its output. Undefined if az reports that the resource does not exist; exits with 3 for any other failure. */
export function az(args: readonly string[]): string | undefined {
  const options = { encoding: 'utf8', timeout: timeoutMs, maxBuffer: maxOutputBytes } as const
  const { error, status, stdout, stderr } = spawnSync('az', args, options)
  if (error !== undefined) {
    const isMissing = systemErrorCode(error) === 'ENOENT'
    return fail(isMissing ? 'az is not installed, or not in PATH' : `az cannot be run: ${plainReason(error)}`)
  }
  if (status === 0) return stdout
  if (/\b(?:ResourceNotFound|could not be found|not found)\b/i.test(stderr)) return undefined
  return fail(stderr.trim())
}

/** Prints an error and exits with 3. */
export function fail(message: string): never {
  for (const line of message.split('\n')) process.stderr.write(`acrux: ${line}\n`)
  process.exit(3)
}
