import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FirstRun } from '@acrux/server'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

const fileName = 'first-run.json'

/** Reads the file that the first start created. @throws StartupError if the file does not exist or cannot be read */
export async function readFirstRun(dataDir: string): Promise<FirstRun> {
  const file = path.join(dataDir, fileName)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as FirstRun
  } catch (error) {
    throw new StartupError(
      `the file ${file} does not exist or cannot be read`,
      exitCodes.dataDirUnusable,
      'run the command as the user that runs the server; if the file was deleted: acrux owner reset',
      { cause: error },
    )
  }
}

/** The value at a path such as `owner.password`; undefined if the path names no text. */
export function valueAt(firstRun: FirstRun, name: string): string | undefined {
  const value = name
    .split('.')
    .reduce<unknown>(
      (found, key) =>
        typeof found === 'object' && found !== null && Object.hasOwn(found, key) ? Reflect.get(found, key) : undefined,
      firstRun,
    )
  return typeof value === 'string' ? value : undefined
}

/** The names of all values that {@link valueAt} accepts. */
export function valueNames(firstRun: FirstRun): string[] {
  return Object.entries(firstRun).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? Object.keys(value).map((key) => `${name}.${key}`) : [name],
  )
}

/** All values as text, one per line. */
export function firstRunText(firstRun: FirstRun): string {
  const names = valueNames(firstRun).filter((name) => valueAt(firstRun, name) !== undefined)
  const width = Math.max(...names.map((name) => name.length))
  return names.map((name) => `${name.padEnd(width)}  ${valueAt(firstRun, name) ?? ''}\n`).join('')
}
