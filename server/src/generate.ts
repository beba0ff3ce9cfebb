import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { configurationReference } from './platform/configuration/reference.ts'

/*
 * Writes every generated document. With `--check` it writes none, names those that are stale, and fails when there is one.
 */
const root = path.resolve(import.meta.dirname, '../..')
const documents: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationReference,
}
const check = process.argv.includes('--check')
for (const [name, make] of Object.entries(documents)) {
  const file = path.join(root, name)
  const made = make()
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present === made) continue
  if (check) {
    process.stderr.write(`${name} is stale: run npm run generate\n`)
    process.exitCode = 1
  } else {
    await writeFile(file, made)
    process.stdout.write(`wrote ${name}\n`)
  }
}
