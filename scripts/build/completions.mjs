import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './must-run.mjs'

/** The shells, and the names that their scripts have where the shells find them. */
export const completionFiles = /** @type {const} */ ({ bash: 'acrux.bash', zsh: '_acrux', fish: 'acrux.fish' })

/**
 * Writes the completion scripts that a built program prints.
 *
 * @param {readonly [string, ...string[]]} program The program, and its arguments before the command.
 * @param {string} folder
 */
export function writeCompletions([command, ...args], folder) {
  mkdirSync(folder, { recursive: true })
  for (const [shell, name] of Object.entries(completionFiles)) {
    writeFileSync(join(folder, name), mustRun(command, [...args, 'completion', shell]))
  }
}
