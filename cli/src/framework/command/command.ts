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
  /** Whether it can be repeated; its value is then an array of texts. */
  readonly repeated?: true
  /** Parses the text. @throws WrongUsageError with a sentence that says what the value must be */
  readonly parse?: (text: string) => unknown
  /** Whether its value is a secret, which no example has in its command line. */
  readonly secret?: true
}

/** What a command needs in the process. */
type Surroundings = {
  /** Whether the files that it writes are readable for its user only. */
  readonly privateFiles?: true
}

/** A command, as its author describes it. Its row in the table has the rest. */
type CommandDescription<Flags> = Surroundings & {
  /** What a user must know before using the command. */
  readonly about?: string
  readonly arguments?: readonly ArgumentDescription[]
  readonly flags?: readonly FlagDescription[]
  readonly examples: readonly string[]
  /** The meaning of the exit codes, if they are not those of {@link azExitCodes}. */
  readonly exitCodes?: ExitCodeTexts
  /** The document as text: the default output format of the command is then `text`. */
  readonly text?: (result: never, flags: Flags) => string
  /** The rows of `--output table`, if they are not the document itself. */
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
