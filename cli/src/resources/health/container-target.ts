import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { controlHealthPath, controlUrlFile, emulatorFolderPrefix } from '@acrux/shared/wire/emulator-folder.ts'
import type { Target } from './ask-ready.ts'

/**
 * The emulator that uses a directory for temporary files; undefined if there is no emulator. If there are several
 * emulators, the latest emulator is selected.
 */
export function findEmulator(temporary: string): Target | undefined {
  const [latest] = globSync(join(`${emulatorFolderPrefix}*`, controlUrlFile), { cwd: temporary })
    .map((name) => join(temporary, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  if (latest === undefined) return undefined
  const url = URL.parse(readFileSync(latest, 'utf8'))
  return url === null ? undefined : { url, path: controlHealthPath }
}
