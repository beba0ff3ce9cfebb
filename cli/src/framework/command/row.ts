import type { Command } from './command.ts'

/** A row of the command table. */
export type CommandRow = {
  /** The words that call it, such as `acr why`. */
  readonly path: string
  /** What it does, in one line that begins with a lower-case verb. */
  readonly summary: string
  /** Loads the file of the command, which exports `command`. */
  readonly load: () => Promise<{ readonly command: Command }>
}

/** A word that several commands begin with. */
export type GroupRow = {
  readonly path: string
  readonly summary: string
  readonly about?: string
  readonly examples: readonly string[]
}

/** The groups and the commands of the program. */
export type CommandTable = { readonly groups: readonly GroupRow[]; readonly commands: readonly CommandRow[] }
