import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const root = normalize(join(import.meta.dirname, '..'))
const documents = globSync(['*.md', 'docs/**/*.md', '{server,cli,contract,test}/**/README.md'], {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
}).toSorted()

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** The text without its blocks of code, in which nothing is a link. */
function prose(markdown: string): string {
  return markdown.replaceAll(/^ *```.*?^ *```$/gms, '')
}

/** The names by which headings are linked, as GitHub makes them. */
function anchors(path: string): ReadonlySet<string> {
  const headings = [...prose(read(path)).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test('every link within the documents leads somewhere', () => {
  const broken: string[] = []
  let seen = 0
  for (const document of documents) {
    for (const [, target = ''] of prose(read(document)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      seen += 1
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? document : join(dirname(document), path)
      const isThere = existsSync(join(root, file)) && (anchor === undefined || anchors(file).has(anchor))
      if (!isThere) broken.push(`${document}: ${target}`)
    }
  }
  assert.deepEqual(broken, [])
  assert.ok(seen > 30, `only ${seen} links were seen`)
})

/** Files that a name in a document may mean: itself, a directory, a test without its ending, a pattern. */
function isThere(name: string): boolean {
  const path = name.replace(/\/$/, '')
  if (/[*{]/.test(path)) return [path, `${path}.test.ts`].some((each) => globSync(each, { cwd: root }).length > 0)
  return [path, `${path}.ts`, `${path}.test.ts`].some((each) => existsSync(join(root, each)))
}

test('every file of the sources that a document names exists', () => {
  const missing: string[] = []
  let seen = 0
  for (const document of documents) {
    for (const [, name = ''] of prose(read(document)).matchAll(
      /`((?:server|cli|contract|test|scripts|docs)\/[^`\s]+)`/g,
    )) {
      seen += 1
      if (!isThere(name)) missing.push(`${document}: ${name}`)
    }
  }
  assert.deepEqual(missing, [])
  assert.ok(seen > 80, `only ${seen} names were seen`)
})

/** What the tables of refusals in the sources have in one of their columns. */
function columnOf(path: string, pattern: RegExp): string[] {
  const found = [...read(path).matchAll(pattern)].map(([, value = '']) => value)
  assert.ok(found.length > 5, `${path} has no table of refusals any more`)
  return [...new Set(found)]
}

test('every refusal of the provider, of Graph, of ARM and of the pages is explained', () => {
  const explained = read('docs/reference/errors.md')
  const number = /\{ number: (\d+),/g
  const code = /\bcode: '(\w+)'/g
  const title = /\btitle: '([^']+)'/g
  const numbers = ['server/src/identity/entra-errors.ts', 'server/src/sign-in/errors.ts'].flatMap((path) =>
    columnOf(path, number),
  )
  const codes = ['server/src/graph/errors.ts', 'server/src/management/errors.ts'].flatMap((path) =>
    columnOf(path, code),
  )
  const titles = ['server/src/sign-in/errors.ts', 'server/src/upstream/errors.ts'].flatMap((path) =>
    columnOf(path, title),
  )
  const missing = [
    ...numbers.filter((each) => !new RegExp(`\\b${each}\\b`).test(explained)),
    ...codes.filter((each) => !explained.includes(`\`${each}\``)),
    ...titles.filter((each) => !explained.includes(each)),
  ]
  assert.deepEqual(missing, [])
})
