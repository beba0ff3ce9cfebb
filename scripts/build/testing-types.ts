import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../set-up.mjs'
import { mustRun } from './must-run.ts'

/** An import or export of a file of the declarations, as the compiler writes it. */
const specifier = /(?<= from ')(\.[^']+)\.ts(?=')/g

/** Writes the types of `acrux/testing`, for imports (`.d.mts`) and for `require` (`.d.cts`): `testing` and the files that it imports. */
export function writeTestingTypes(folder: string): void {
  const emitted = mkdtempSync(join(tmpdir(), 'acrux-types-'))
  try {
    mustRun(join(root, 'node_modules/.bin/tsc'), ['-p', 'testing', '--outDir', emitted], { cwd: root })
    const written = new Set<string>()
    const write = (name: string): void => {
      if (written.has(name)) return
      written.add(name)
      const text = readFileSync(join(emitted, `${name}.d.ts`), 'utf8')
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      for (const kind of ['m', 'c'])
        writeFileSync(join(folder, `${name}.d.${kind}ts`), text.replaceAll(specifier, `$1.${kind}js`))
      for (const [, path = ''] of text.matchAll(specifier)) write(join(dirname(name), path))
    }
    write('testing')
  } finally {
    rmSync(emitted, { recursive: true })
  }
}
