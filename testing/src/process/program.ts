import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The launcher of the package beside the folder of this file, or the program in a checkout. */
const candidates = ['../acrux.cjs', '../../../cli/src/main.ts'].map((path) => join(import.meta.dirname, path))

/**
 * The objects of a server survive the first garbage collections. With a larger young generation, a start takes 420 instead of 440 ms of
 * processor time (medians of five, on a busy machine). An idle emulator then uses 89 instead of 82 MiB. With 32 MiB, a start takes the same
 * time, and an idle emulator uses 101 MiB. V8 reads the option only when a process starts.
 */
const nodeOptions = ['--min-semi-space-size=8']

/** The command and the first arguments that run `acrux`: this Node with a script, or an executable. */
export function programCommand(program: string | undefined): readonly [command: string, ...args: string[]] {
  const file = program ?? candidates.find((path) => existsSync(path))
  if (file === undefined) throw new Error('the program acrux is not part of this package; set the option program')
  return /\.[cm]?[jt]s$/.test(file) ? [process.execPath, ...nodeOptions, file] : [file]
}
