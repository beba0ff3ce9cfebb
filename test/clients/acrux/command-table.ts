import { fileURLToPath } from 'node:url'
import { clientHome, mustRun } from '../../harness/clients.ts'

/** An option; without names, the positional arguments. */
export type Option = {
  readonly names: readonly string[]
  readonly required: boolean
  readonly values: 'none' | 'one' | 'optional' | 'many'
  readonly choices: readonly string[]
}

/** What az has and acrux does not, by its words, with the reason; `same` if there is nothing. */
type AzEquivalent = 'same' | { readonly lacks: Readonly<Record<string, string>> }

/** A row of the table of commands. */
export type CommandRow = {
  readonly path: string
  readonly prints: 'document' | 'list' | 'nothing' | 'itself'
  /** How it deletes something, or makes a credential invalid. */
  readonly destroys?: string
  readonly az?: AzEquivalent
  readonly options: readonly Option[]
}

/** A word that several commands begin with. */
type GroupRow = { readonly path: string; readonly az?: AzEquivalent }

/** The table of commands of acrux. */
export type CommandTable = { readonly groups: readonly GroupRow[]; readonly commands: readonly CommandRow[] }

/** Reads the table of commands. */
export async function acruxCommands(): Promise<CommandTable> {
  using home = clientHome()
  const program = fileURLToPath(new URL('../../../scripts/reference/command-table.ts', import.meta.url))
  return JSON.parse((await mustRun(process.execPath, [program], { env: home.env })).stdout) as CommandTable
}

/** The row of the command that a line calls. */
export function rowOf(commands: readonly CommandRow[], line: string): CommandRow | undefined {
  return commands.find(({ path }) => `${line} `.startsWith(`${path} `))
}
