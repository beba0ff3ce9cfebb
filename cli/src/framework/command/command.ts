import type { CommandContext } from './context.ts'

/** The meaning of each exit code. */
export type ExitCodeTexts = Readonly<Record<number, string>>

/** A positional argument. Its value is a property of the flags, by its name in camel case. */
export type ArgumentDescription = {
  /** As commander writes it: `<id>` is required, `[id]` optional, and `[ids...]` repeated. */
  readonly name: string
  readonly description: string
}

/** An option. Its value is a property of the flags, by its long name in camel case. */
export type FlagDescription = {
  /** As commander writes it: `-n, --name <registry>`. Without a value, the option is a switch. */
  readonly flags: string
  /** Further names, as az has them. */
  readonly aliases?: readonly string[]
  readonly description: string
  readonly required?: true
  readonly choices?: readonly string[]
  readonly default?: string | number | boolean
  /** Whether the option can be repeated. The value is then an array of texts. */
  readonly repeated?: true
  /** Parses the text. @throws WrongUsageError with a sentence that describes the valid values */
  readonly parse?: (text: string) => unknown
  /** Whether the value is a secret. No example contains a secret in its command line. */
  readonly secret?: true
}

/** The requirements of a command for its process. */
type Surroundings = {
  /** Whether only the current user can read the files that the command writes. */
  readonly privateFiles?: true
}

/** A command without the properties in its table row. */
type CommandDescription<Flags> = Surroundings & {
  /** What a user must know before using the command. */
  readonly about?: string
  readonly arguments?: readonly ArgumentDescription[]
  readonly flags?: readonly FlagDescription[]
  readonly examples: readonly string[]
  /** The meaning of the exit codes, if they differ from {@link azExitCodes}. */
  readonly exitCodes?: ExitCodeTexts
  /** Renders the document as text. The default output format of the command is then `text`. */
  readonly text?: (result: never, flags: Flags) => string
  /** The rows of `--output table`, if they differ from the document. */
  readonly table?: (result: never) => unknown
  readonly run: (flags: Flags, context: CommandContext) => Promise<unknown>
}

/** A command whose flags are parsed by its own description. */
export type Command = CommandDescription<never>

/** Describes a command. `Flags` are the arguments and options by name, as the description parses them. */
export function defineCommand<Flags = object>(description: CommandDescription<Flags>): Command {
  return description
}

/** The exit codes of az. */
export const azExitCodes: ExitCodeTexts = {
  0: 'success',
  1: 'the command failed',
  2: 'wrong option or argument',
  3: 'the resource does not exist',
}
