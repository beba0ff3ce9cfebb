import { StartupError, exitCodes } from '@acrux/server'
import { plainReason } from '@acrux/server/plain-reason'

/**
 * Prints what went wrong and how to fix it, and exits. For an unexpected error, `ACRUX_LOG_LEVEL=debug` also prints the
 * stack.
 */
export function explainFailure(error: unknown): never {
  if (!(error instanceof StartupError)) {
    process.stderr.write(`acrux: the command failed: ${plainReason(error)}\n`)
    const isVerbose = /^(?:debug|trace)$/.test(process.env['ACRUX_LOG_LEVEL'] ?? '')
    const stack = error instanceof Error ? (error.stack ?? '') : ''
    process.stderr.write(isVerbose ? `${stack}\n` : '       set ACRUX_LOG_LEVEL=debug to see the stack trace\n')
    process.exit(exitCodes.unexpected)
  }
  for (const line of error.message.split('\n')) process.stderr.write(`acrux: ${line}\n`)
  process.stderr.write(`       ${error.nextStep}\n`)
  process.exit(error.exitCode)
}
