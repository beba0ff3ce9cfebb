import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import type { Command } from '../command/command.ts'
import { createContext } from '../command/context.ts'
import { CommandFailure } from '../command/failure.ts'
import type { CommandRow } from '../command/row.ts'
import { type ResultFlags, printResult } from '../output/print-result.ts'
import type { Log } from '../terminal/log.ts'
import { terminalText } from '../terminal/terminal-text.ts'

const unexpected = 1

/** Runs a command, prints its result, and sets the exit code of the process. Errors are shown on standard error. */
export async function run({ prints }: CommandRow, command: Command, flags: Record<string, unknown>): Promise<void> {
  if (command.privateFiles === true) process.umask(0o077)
  const context = createContext(flags)
  try {
    const result = await command.run(flags as never, context)
    if (prints !== 'itself') await printResult(command, result, flags as ResultFlags)
  } catch (error) {
    // A failed command must not keep the process running, for example through the threads of a server that did not
    // start.
    process.exit(explain(error, context.log, flags['debug'] === true))
  }
}

/** Shows an error and its next step, and returns the exit code. */
function explain(error: unknown, log: Log, isDebug: boolean): number {
  if (error instanceof CommandFailure || error instanceof StartupError) {
    log.error(error.message, error.nextStep)
    if (isDebug && error.cause instanceof Error) log.debug(error.cause.stack ?? '')
    return error.exitCode
  }
  const showsStack = isDebug || /^(?:debug|trace)$/.test(process.env['ACRUX_LOG_LEVEL'] ?? '')
  log.error(
    `the command failed: ${plainReason(error)}`,
    showsStack ? undefined : 'add --debug, or set ACRUX_LOG_LEVEL=debug, to see the stack trace',
  )
  if (showsStack && error instanceof Error) process.stderr.write(`${terminalText(error.stack ?? '')}\n`)
  return unexpected
}
