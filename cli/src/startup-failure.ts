import { StartupError } from '@acrux/server'

/** Ends the process with what the person who started it can mend; throws on what they cannot. */
export function explainFailure(error: unknown): never {
  if (!(error instanceof StartupError)) throw error
  for (const line of error.message.split('\n')) process.stderr.write(`acrux: ${line}\n`)
  process.stderr.write(`       ${error.nextStep}\n`)
  process.exit(error.exitCode)
}
