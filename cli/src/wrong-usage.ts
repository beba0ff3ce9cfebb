import { exitCodes } from '@acrux/server'
import type { Command } from 'commander'

/** Makes wrong flags exit with 2, for commands whose exit code 1 is a result. */
export function exitOnWrongUsage(command: Command): Command {
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.configuration))
}
