import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './must-run.ts'

/** The shells, and the names that their scripts have where the shells find them. */
export const completionFiles = { bash: 'acrux.bash', zsh: '_acrux', fish: 'acrux.fish' } as const

/** Writes the completion scripts that a built program prints. `program` is the program with its arguments before the command. */
export function writeCompletions([command, ...args]: readonly [string, ...string[]], folder: string) {
  mkdirSync(folder, { recursive: true })
  for (const [shell, name] of Object.entries(completionFiles)) {
    writeFileSync(join(folder, name), mustRun(command, [...args, 'completion', shell]))
  }
}
