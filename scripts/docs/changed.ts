import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../set-up.mjs'

/** The hash of what the documents were built from. */
const builtFrom = path.join(root, 'node_modules/.cache/acrux-docs')

/** What the documents are made of: texts, the tables of routes, commands and settings, and the programs that render them. */
const sources = [
  '*.md',
  'package*.json',
  'docs/**/*',
  'deploy/**/*',
  '{server,cli,shared}/src/**/*.{ts,md}',
  '{shared,portal}/README.md',
  'scripts/{docs,reference}/**/*',
]

/** The hash of the sources of the documents. */
export function hashOfSources(): string {
  const hash = createHash('sha256')
  const entries = globSync(sources, { cwd: root, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).toSorted())
    hash.update(`${file}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

/** Whether the documents were built from sources with this hash. */
export function isBuiltFrom(hash: string): boolean {
  return existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === hash
}

/** Records from which sources the documents were built. */
export function recordBuiltFrom(hash: string): void {
  mkdirSync(path.dirname(builtFrom), { recursive: true })
  writeFileSync(builtFrom, hash)
}
