import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { type CommandFailure, failure } from '../../../framework/command/failure.ts'
import { terminalText } from '../../../framework/terminal/terminal-text.ts'

/** The clients that are tried if `DOCKER_COMMAND` is not set. */
const knownClients = ['docker', 'podman', 'nerdctl'] as const

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string }

/**
 * Finds the container client: the client in `DOCKER_COMMAND`, or the first installed client of docker, podman and
 * nerdctl.
 *
 * @throws CommandFailure with az's DOCKER_COMMAND_ERROR if no client is installed, or the client does not work.
 * [acr-protocol §2.1 step 3]
 */
export async function requireContainerClient({ env, log }: CommandContext, registry: string): Promise<string> {
  const named = env['DOCKER_COMMAND']
  const candidates = named === undefined || named === '' ? knownClients : [named]
  for (const candidate of candidates) {
    const ended = await runClient(candidate, ['--version'])
    if (ended?.code === 0) {
      log.debug(`the container client is ${candidate}: ${ended.stdout.trim()}`)
      return candidate
    }
  }
  log.warning(
    `You may want to use 'acrux acr login -n ${registry} --expose-token' to get a refresh token, which does not require Docker to be installed.`,
  )
  throw dockerCommandError()
}

function dockerCommandError(): CommandFailure {
  return failure(
    'An error occurred: DOCKER_COMMAND_ERROR\nPlease verify if Docker client is installed and running.',
    'install docker, podman or nerdctl, or set DOCKER_COMMAND',
  )
}

/**
 * Signs the container client in, and passes the password on standard input. @throws CommandFailure if the client fails
 */
export async function logIn(
  { log, print }: CommandContext,
  client: string,
  {
    loginServer,
    username,
    password,
  }: { readonly loginServer: string; readonly username: string; readonly password: string },
): Promise<void> {
  const ended = await runClient(client, ['login', '--username', username, '--password-stdin', loginServer], password)
  if (ended === undefined) throw dockerCommandError()
  const message = terminalText(ended.stderr.trim())
  if (ended.code !== 0) throw failure(`Login failed.${message === '' ? '' : `\n${message}`}`)
  if (message !== '') log.warning(message)
  print(terminalText(ended.stdout))
}

/** Runs a client, and waits for its end. Returns undefined if the client is not installed. */
async function runClient(client: string, args: readonly string[], input = ''): Promise<Ended | undefined> {
  const child = spawn(client, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const code = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 1))
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  try {
    const [ended, stdout, stderr] = await Promise.all([code, text(child.stdout), text(child.stderr)])
    return { code: ended, stdout, stderr }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'EACCES') return undefined
    throw error
  }
}
