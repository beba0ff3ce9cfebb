/**
 * `npm run docs`: builds the documents into the file that the server reads: the pages of docs/, and the references that the code
 * generates. With `--check`, it writes nothing; with `--changed`, it builds only if a source has changed.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, SetUpFailed } from './set-up.mjs'

const output = join(root, 'server/src/portal-host/assets/docs.json')
/** The hash of what the documents were built from. */
const builtFrom = join(root, 'node_modules/.cache/acrux-docs')

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

/** Builds the documents, unless they were built from the same files. */
export async function ensureDocs() {
  const hash = hashOfSources()
  if (existsSync(output) && existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === hash) return
  if ((await build([])) !== 0) throw new SetUpFailed('the documents were not built')
  mkdirSync(dirname(builtFrom), { recursive: true })
  writeFileSync(builtFrom, hash)
}

/** @param {readonly string[]} args */
function build(args) {
  return runInherited(nodeBinary(), [join(root, 'scripts/docs/pack.ts'), ...args], { env: environment() })
}

function hashOfSources() {
  const hash = createHash('sha256')
  const entries = globSync(sources, { cwd: root, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).toSorted())
    hash.update(`${file}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

if (process.argv[1] === import.meta.filename) {
  await main(async (args) => {
    await ensureDependencies()
    if (!args.includes('--changed')) return build(args)
    await ensureDocs()
    return 0
  })
}
