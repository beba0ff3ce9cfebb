import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientHome } from '../../harness/clients.ts'
import { mainFile } from '../../harness/program.ts'

/** The environment of a home in which shells find `acrux`. */
export function acruxInPath({ path, env }: ClientHome): Readonly<Record<string, string>> {
  const bin = join(path, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'acrux'), `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@"\n`, { mode: 0o755 })
  return { ...env, PATH: `${bin}:${env['PATH'] ?? ''}` }
}
