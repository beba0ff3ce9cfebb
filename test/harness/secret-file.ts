import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir, type TempDir } from './temp-dir.ts'

let folder: TempDir | undefined
let count = 0

/**
 * Writes a secret to a file that only its owner can read, and returns `@FILE`, which az and acrux accept as the value of any
 * option. Other users of a machine see the arguments of every program. The file is gone when the process ends.
 */
export function secretFile(secret: string): string {
  folder ??= tempDir('secrets')
  count += 1
  const file = join(folder.path, String(count))
  writeFileSync(file, secret, { mode: 0o600 })
  return `@${file}`
}
