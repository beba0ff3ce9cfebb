import { CommanderError } from 'commander'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { commands, loadProgram } from './table.ts'

const wrongUsage = 2

/** Runs the command line of the process. Wrong options and unknown commands cause exit code 2, as for az. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on('error', ignoreClosedPipe)
  const named = commandNamedBy(args)
  const program = await loadProgram((path) => path === named)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const isHelp = error.exitCode === 0 || (error.code === 'commander.help' && args.length === 0)
    process.exitCode = isHelp ? error.exitCode : wrongUsage
  }
}

/** A reader such as `head` closes the pipe when the reader has read enough. */
function ignoreClosedPipe(error: Error): void {
  if (systemErrorCode(error) !== 'EPIPE') throw error
}

/**
 * The path of the command that the first words name. Only this command is loaded, so that other commands do not slow it
 * down.
 */
export function commandNamedBy(args: readonly string[]): string | undefined {
  const words = args[0] === 'help' ? args.slice(1) : args
  const option = words.findIndex((word) => word.startsWith('-'))
  const text = `${words.slice(0, option === -1 ? words.length : option).join(' ')} `
  return commands.find(({ path }) => text.startsWith(`${path} `))?.path
}
