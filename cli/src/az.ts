import { plainReason, systemErrorCode } from '@acrux/server/plain-reason'
import { spawnSync } from 'node:child_process'

/** How long az may take to answer. */
const timeoutMs = 120_000

/** How long its answer may be: a page of a thousand events is some megabytes. */
const longestAnswerBytes = 64 * 1024 * 1024

/** The ARM id of a registry, as whoever is signed in to az finds it; ends the process with 3 where there is none. */
export function registryIdOf(name: string): string {
  const id = az(['acr', 'show', '--name', name, '--query', 'id', '--output', 'tsv'])
  return id?.trim() ?? fail(`there is no registry ${name}`)
}

/**
 * Asks the management API that az is set to, as whoever is signed in there. `url` may be a path. Undefined where it knows
 * nothing of it; ends the process with 3 where az cannot be asked.
 */
export function getFromArm(url: string): unknown {
  const answer = az(['rest', '--method', 'get', '--url', url, '--output', 'json'])
  return answer === undefined ? undefined : (JSON.parse(answer) as unknown)
}

/** Asks for the page that another one names as its next, at the server that az is set to and at no other. */
export function getNextFromArm(nextLink: string): unknown {
  const { pathname, search } = new URL(nextLink)
  return getFromArm(`${pathname}${search}`)
}

/** Sends JSON to the management API of az's active cloud. Exits with 3 if the request is denied. */
export function postToArm(url: string, body: object): unknown {
  const args = ['rest', '--method', 'post', '--url', url, '--body', JSON.stringify(body), '--output', 'json']
  const answer = az(args) ?? fail(`nothing is served at ${url}`)
  return JSON.parse(answer) as unknown
}

/** The ARM path of az's active subscription. */
export function subscriptionPath(): string {
  const id = az(['account', 'show', '--query', 'id', '--output', 'tsv'])?.trim() ?? fail('az is not signed in')
  return `/subscriptions/${id}`
}

/** Requires that az is signed in to this server: az sends its token to any URL that it is given. */
export function requireSignedInAt(server: string | undefined): void {
  if (server === undefined) return
  const cloud = az(['cloud', 'show', '--query', 'endpoints.resourceManager', '--output', 'tsv'])?.trim() ?? ''
  if (originOf(cloud) !== undefined && originOf(cloud) === originOf(server)) return
  fail(
    `the active cloud of az is ${cloud}, not ${server}: az cloud register -n acrux --endpoint-resource-manager ${server}; az cloud set -n acrux; az login`,
  )
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/** What az prints; undefined where the answer was that there is none. Ends the process with 3 where it cannot be asked. */
export function az(args: readonly string[]): string | undefined {
  const options = { encoding: 'utf8', timeout: timeoutMs, maxBuffer: longestAnswerBytes } as const
  const { error, status, stdout, stderr } = spawnSync('az', args, options)
  if (error !== undefined) {
    const isMissing = systemErrorCode(error) === 'ENOENT'
    return fail(isMissing ? 'az is not installed, or not in PATH' : `az could not be run: ${plainReason(error)}`)
  }
  if (status === 0) return stdout
  if (/\b(?:ResourceNotFound|could not be found|not found)\b/i.test(stderr)) return undefined
  return fail(stderr.trim())
}

/** Says why az was of no use, and ends the process with 3. */
export function fail(message: string): never {
  for (const line of message.split('\n')) process.stderr.write(`acrux: ${line}\n`)
  process.exit(3)
}
