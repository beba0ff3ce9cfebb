import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs that are not on the PATH. */
export function missingPrograms(programs: readonly string[]) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))))
}
