import type { Command } from './command.ts'

/**
 * Whose session a command uses: none; one if there is one, or only with some options; that of `acrux login`; or that of `az
 * login`, if nobody is signed in with `acrux login`.
 */
type SignInNeed = 'none' | 'optional' | 'acrux' | 'acrux or az'

/**
 * What a command writes to standard output. A document, a list and nothing are what it returns, and it has `--output` and
 * `--query`, like the commands of az. `itself`: it writes itself, and has none of the common options.
 */
type Output = 'document' | 'list' | 'nothing' | 'itself'

/** How a command deletes something, or makes a credential invalid. */
type Destruction = 'at once' | 'after a confirmation' | 'after a confirmation, with a dry run'

/** What az has of a command or a group and acrux does not, with the reason; `same` if there is nothing. */
type AzEquivalent = 'same' | { readonly lacks: Readonly<Record<string, string>> }

/** A row of the command table: what is known about a command without loading it. */
export type CommandRow = {
  /** The words that call it, such as `acr why`. */
  readonly path: string
  /** What it does, in one line that begins with a lower-case verb. */
  readonly summary: string
  readonly signIn: SignInNeed
  readonly prints: Output
  /** Without it, the command destroys nothing. */
  readonly destroys?: Destruction
  /** Whether it has every option of the command of az with the same words. Without it, the command is acrux's own. */
  readonly az?: AzEquivalent
  /** Loads the command, with its arguments and options. */
  readonly load: () => Promise<Command>
}

/** A word that several commands begin with. */
export type GroupRow = {
  readonly path: string
  readonly summary: string
  readonly about?: string
  readonly examples: readonly string[]
  /** Whether it has every command that az has in the group of the same words. */
  readonly az?: AzEquivalent
}

/** The groups and the commands of the program. */
export type CommandTable = { readonly groups: readonly GroupRow[]; readonly commands: readonly CommandRow[] }
