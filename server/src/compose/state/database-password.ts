import { exec } from 'node:child_process'
import { promisify } from 'node:util'
import type { Configuration } from '../../configuration/index.ts'
import { readSecretFile } from '../../platform/files/setting-file.ts'
import { StartupError, exitCodes } from '../../platform/process/exit.ts'

type PasswordSettings = Pick<Configuration['database'], 'passwordFile' | 'passwordCommand'>

/** How long an output of the command is used. */
const outputMs = 60_000
/** How long the command may take. */
const commandMs = 30_000

/**
 * The source of the password of the database user, for each new connection; undefined without one.
 *
 * @throws StartupError if it has none now
 */
export async function databasePassword(settings: PasswordSettings): Promise<(() => Promise<string>) | undefined> {
  const { passwordFile, passwordCommand } = settings
  if (passwordFile === undefined && passwordCommand === undefined) return undefined
  const read =
    passwordCommand === undefined
      ? () => readSecretFile(passwordFile ?? '', 'password')
      : rememberOutput(() => runCommand(passwordCommand))
  await read()
  return read
}

/** Runs the command if its last output is too old, and once for all that wait. */
function rememberOutput(run: () => Promise<string>): () => Promise<string> {
  let last: { readonly atMs: number; readonly output: Promise<string> } | undefined
  return async () => {
    if (last === undefined || performance.now() - last.atMs > outputMs) {
      last = { atMs: performance.now(), output: run() }
    }
    const { output } = last
    return output.catch((error: unknown) => {
      if (last?.output === output) last = undefined
      throw error
    })
  }
}

async function runCommand(command: string): Promise<string> {
  // What the command prints to standard error may contain a secret, so it is not repeated.
  const { stdout } = await promisify(exec)(command, { timeout: commandMs, maxBuffer: 65_536 }).catch(
    ({ code }: { readonly code?: number | string }) => {
      throw unusable(typeof code === 'number' ? `exited with code ${code}` : 'could not be completed')
    },
  )
  const password = stdout.replace(/\r?\n$/, '')
  if (/^[\x20-\x7e]{1,16384}$/.test(password)) return password
  throw unusable('printed no password on one line')
}

function unusable(problem: string): StartupError {
  return new StartupError(
    `the command in database.passwordCommand ${problem}`,
    exitCodes.configuration,
    'run it in a shell, as the user that the server runs as',
  )
}
