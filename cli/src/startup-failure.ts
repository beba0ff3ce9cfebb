import { StartupError, exitCodes } from '@acrux/server'
import { plainReason } from '@acrux/contract'

/** Ends the process with what the person who started it can mend, in words. What nobody foresaw has its stack at `ACRUX_LOG_LEVEL=debug`. */
export function explainFailure(error: unknown): never {
  if (!(error instanceof StartupError)) {
    process.stderr.write(`acrux: the command failed: ${plainReason(error)}\n`)
    const isVerbose = /^(?:debug|trace)$/.test(process.env['ACRUX_LOG_LEVEL'] ?? '')
    const stack = error instanceof Error ? (error.stack ?? '') : ''
    process.stderr.write(isVerbose ? `${stack}\n` : '       ACRUX_LOG_LEVEL=debug shows where\n')
    process.exit(exitCodes.unexpected)
  }
  for (const line of error.message.split('\n')) process.stderr.write(`acrux: ${line}\n`)
  process.stderr.write(`       ${error.nextStep}\n`)
  process.exit(error.exitCode)
}
