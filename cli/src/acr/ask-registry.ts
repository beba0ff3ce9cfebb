import { spawnSync } from 'node:child_process'

const apiVersion = '2025-03-01-preview'

/** How long az may take to answer. */
const timeoutMs = 120_000

/**
 * Asks the management API about a registry, as whoever is signed in to az. Undefined where it knows nothing of it; ends
 * the process with 3 where az cannot be asked.
 */
export function askRegistry(name: string, what: string, query: Readonly<Record<string, string | undefined>>): unknown {
  const id =
    az(['acr', 'show', '--name', name, '--query', 'id', '--output', 'tsv']) ?? fail(`there is no registry ${name}`)
  const parameters = new URLSearchParams({ 'api-version': apiVersion })
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, value)
  return get(`${id.trim()}/${what}?${parameters.toString()}`)
}

/** Asks for the page that another one names as its next. */
export function askNext(nextLink: string): unknown {
  const { pathname, search } = new URL(nextLink)
  return get(`${pathname}${search}`)
}

/** Gets what is at a path of the management API that az is signed in to. */
function get(path: string): unknown {
  const answer = az(['rest', '--method', 'get', '--url', path, '--output', 'json'])
  return answer === undefined ? undefined : (JSON.parse(answer) as unknown)
}

/** Undefined where the answer was that there is none. */
function az(args: readonly string[]): string | undefined {
  const { error, status, stdout, stderr } = spawnSync('az', args, { encoding: 'utf8', timeout: timeoutMs })
  if (error !== undefined) return fail(`az could not be run: ${error.message}`)
  if (status === 0) return stdout
  if (/\b(?:ResourceNotFound|could not be found|not found)\b/i.test(stderr)) return undefined
  return fail(stderr.trim())
}

function fail(message: string): never {
  for (const line of message.split('\n')) process.stderr.write(`acrux: ${line}\n`)
  process.exit(3)
}
