import type { Command } from './command.ts'

/**
 * The session that a command uses: no session; a session if one exists, or only with some options; a session of `acrux
 * login`; or a session of `az login`, if nobody is signed in with `acrux login`.
 */
type SignInNeed = 'none' | 'optional' | 'acrux' | 'acrux or az'

/**
 * What a command writes to standard output. For a document, a list or nothing, the command returns the output and has
 * the options `--output` and `--query`, like the commands of az. With `itself`, the command prints its own output, and
 * has none of the common options.
 */
type Output = 'document' | 'list' | 'nothing' | 'itself'

/** How a command deletes something, or makes a credential invalid. */
type Destruction = 'at once' | 'after a confirmation' | 'after a confirmation, with a dry run'

/** The commands or options of az that acrux lacks, with the reason; `same` if acrux lacks nothing. */
type AzEquivalent = 'same' | { readonly lacks: Readonly<Record<string, string>> }

/**
 * A row of the command table. The row contains everything that is known about a command without loading the command.
 */
export type CommandRow = {
  /** The words of the command, such as `acr why`. */
  readonly path: string
  /** A description of the command in one line that begins with a lower-case verb. */
  readonly summary: string
  readonly signIn: SignInNeed
  readonly prints: Output
  /** Without this property, the command destroys nothing. */
  readonly destroys?: Destruction
  /**
   * Whether the command has every option of az's command with the same words. Without this property, az has no such
   * command.
   */
  readonly az?: AzEquivalent
  /** Loads the command, with its arguments and options. */
  readonly load: () => Promise<Command>
}

/** A group: the first words that several commands share. */
export type GroupRow = {
  readonly path: string
  readonly summary: string
  readonly about?: string
  readonly examples: readonly string[]
  /** Whether the group has every command of az's group with the same words. */
  readonly az?: AzEquivalent
}

/** The groups and the commands of the program. */
export type CommandTable = { readonly groups: readonly GroupRow[]; readonly commands: readonly CommandRow[] }
