import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { loadProgram } from '../../cli/src/table/table.ts'
import { configurationReference } from '../../server/src/configuration/reference.ts'
import { apiPages } from '../reference/api.ts'
import { cliPages } from '../reference/cli.ts'
import { openApiOfServer } from '../reference/openapi.ts'
import { root } from '../set-up.mjs'

/** A page as Markdown. */
export type Source = {
  /** Its path in the repository, to which its links are relative. A generated page has a path too, but no file. */
  readonly file: string
  /** The path of its HTML, below the folder of the documents. */
  readonly page: string
  readonly markdown: string
}

const written = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/**/*.md',
  '{shared,server,portal}/**/README.md',
]

/** All pages: those that are written by hand, and those that the code generates. */
export async function readSources(): Promise<Source[]> {
  const files = globSync(written, { cwd: root, exclude: (name) => name.includes('node_modules') }).toSorted()
  const texts = files.map((file): [string, string] => [file, readFileSync(path.join(root, file), 'utf8')])
  return [...texts, ...(await generated())].map(([file, markdown]) => ({ file, page: pageOf(file), markdown }))
}

async function generated(): Promise<[file: string, markdown: string][]> {
  const cli = Object.entries(cliPages(await loadProgram(() => true)))
  const api = Object.entries(apiPages(await openApiOfServer()))
  return [
    ['docs/reference/configuration.md', configurationReference()],
    ...cli.map(([name, text]): [string, string] => [`docs/reference/cli/${name}`, text]),
    ...api.map(([name, text]): [string, string] => [`docs/reference/api/${name}`, text]),
  ]
}

function pageOf(file: string): string {
  const name = file.replace(/README\.md$/, 'index.md').replace(/\.md$/, '.html')
  if (name.startsWith('docs/')) return name.slice('docs/'.length)
  return file.includes('/') ? `modules/${name}` : `contribute/${name.toLowerCase()}`
}
