import { texts } from '../texts/texts.ts'
import { type Command, useCommands } from './commands.ts'

type CommandLineProps = {
  /** The command that shows or does the same as the view. */
  readonly text: string
  readonly label?: string
  readonly more?: readonly Command[]
}

/** Puts the commands of a part of a view into the panel of commands. */
export function CommandLine({ text, label = texts.commandLine, more = [] }: CommandLineProps) {
  useCommands([{ label, text }, ...more])
  return null
}
