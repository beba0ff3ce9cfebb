import { readSecretFile } from '../platform/files/setting-file.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { ShellCommandError, runShellCommand } from '../platform/process/shell-command.ts'
import type { DatabaseSettings } from './settings.ts'

type PasswordSettings = Pick<DatabaseSettings, 'passwordFile' | 'passwordCommand'>

/** The time for which the output of the command is used. */
const outputMs = 60_000
/** The maximum duration of the command. */
const commandMs = 30_000

/**
 * The source of the password of the database user, for each new connection. The result is undefined if no source is set.
 *
 * @throws StartupError if the source has no password now
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

/** Runs the command if its last output is too old. The command runs only once for all waiting callers. */
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
  const options = { timeoutMs: commandMs, maxOutputBytes: 65_536 }
  const output = await runShellCommand(command, options).catch((error: unknown) => {
    throw error instanceof ShellCommandError ? unusable(error.message) : error
  })
  const password = output.toString().replace(/\r?\n$/, '')
  if (/^[\x20-\x7e]{1,16384}$/.test(password)) return password
  throw unusable('did not print the password on one line')
}

function unusable(problem: string): StartupError {
  return new StartupError(
    `the command in database.passwordCommand ${problem}`,
    exitCodes.configuration,
    'run this command in a shell, as the user that runs the server',
  )
}
