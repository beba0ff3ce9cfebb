import type { Command as Parser } from 'commander'
import type { CommandRow } from '../framework/command/row.ts'
import { createProgram } from '../framework/parser/program.ts'
import { contentCommands } from './acr-content.ts'
import { settingCommands } from './acr-settings.ts'
import { acrCommands } from './acr.ts'
import { directoryCommands } from './directory.ts'
import { groups } from './groups.ts'
import { machineCommands } from './machine.ts'
import { resourceManagerCommands } from './resource-manager.ts'
import { signInCommands } from './sign-in.ts'

const completion: CommandRow = {
  path: 'completion',
  summary: 'print the completion script for a shell',
  signIn: 'none',
  prints: 'itself',
  load: async () => {
    const { completionCommand } = await import('../resources/completion/command.ts')
    return completionCommand(() => loadProgram(() => true))
  },
}

/** Every command. The parser, the help, the completion and the reference of the documents are generated from it. */
export const commands: readonly CommandRow[] = [
  ...signInCommands,
  completion,
  ...machineCommands,
  ...acrCommands,
  ...contentCommands,
  ...settingCommands,
  ...directoryCommands,
  ...resourceManagerCommands,
]

/**
 * Creates the parser of all commands. Only the commands that `isNeeded` selects by their path are loaded and get their
 * options.
 */
export function loadProgram(isNeeded: (path: string) => boolean): Promise<Parser> {
  return createProgram({ groups, commands }, isNeeded)
}
