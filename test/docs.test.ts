import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { requireClient } from './harness/clients.ts'
import { mainFile } from './harness/program.ts'

const execFileText = promisify(execFile)

const root = normalize(join(import.meta.dirname, '..'))
const documents = globSync(['*.md', 'docs/**/*.md', '{server,cli,test}/**/README.md'], {
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
      // The build of the documents checks the links to generated pages.
      if (/^docs\/reference\/(?:cli\/|api\/|configuration\.md)/.test(file)) continue
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
    for (const [, name = ''] of prose(read(document)).matchAll(/`((?:server|cli|test|scripts|docs)\/[^`\s]+)`/g)) {
      seen += 1
      if (!isThere(name)) missing.push(`${document}: ${name}`)
    }
  }
  assert.deepEqual(missing, [])
  assert.ok(seen > 80, `only ${seen} names were seen`)
})

/** What the tables of rejections in the sources have in one of their columns. */
function columnOf(path: string, pattern: RegExp): string[] {
  const found = [...read(path).matchAll(pattern)].map(([, value = '']) => value)
  assert.ok(found.length > 5, `${path} has no table of rejections any more`)
  return [...new Set(found)]
}

test('every rejection of the provider, of Graph, of ARM and of the pages is explained', () => {
  const explained = read('docs/reference/errors.md')
  const number = /\{ number: (\d+),/g
  const code = /\bcode: '(\w+)'/g
  const title = /\btitle: '([^']+)'/g
  const numbers = ['server/src/identity/tokens/errors.ts', 'server/src/sign-in/flow/errors.ts'].flatMap((path) =>
    columnOf(path, number),
  )
  const codes = ['server/src/graph/protocol/errors.ts', 'server/src/management/arm/errors.ts'].flatMap((path) =>
    columnOf(path, code),
  )
  const titles = ['server/src/sign-in/flow/errors.ts', 'server/src/issuers/upstream/errors.ts'].flatMap((path) =>
    columnOf(path, title),
  )
  const missing = [
    ...numbers.filter((each) => !new RegExp(`\\b${each}\\b`).test(explained)),
    ...codes.filter((each) => !explained.includes(`\`${each}\``)),
    ...titles.filter((each) => !explained.includes(each)),
  ]
  assert.deepEqual(missing, [])
})

/** The shell commands in the documents that begin with `acrux`, without comments, line breaks and what follows a pipe. */
function acruxCommands(): { page: string; line: string }[] {
  return documents.flatMap((page) =>
    [...read(page).matchAll(/^ *```sh[^\n]*\n(.*?)^ *```/gms)].flatMap(([, block = '']) =>
      block
        .replaceAll(/\\\n/g, ' ')
        .split('\n')
        .flatMap((line) => /(?:^|[|(] ?)\s*(?:npx )?(acrux .*)$/.exec(line)?.[1] ?? [])
        .map((line) => ({
          page,
          line: line
            .replace(/"?\$\([^)]*\)"?/g, 'VALUE')
            .replace(/ +# .*$| *[|>&].*$/, '')
            .replace(/\)$/, ''),
        })),
    ),
  )
}

test('every command and flag of acrux in the documents exists', { timeout: 300_000 }, async () => {
  const commands = acruxCommands()
  assert.ok(commands.length > 40, `only ${commands.length} commands were seen`)
  const help = new Map<string, Promise<string>>()
  const helpOf = (path: readonly string[]): Promise<string> => {
    const key = path.join(' ')
    const args = [mainFile, ...path, '--help']
    const known = help.get(key) ?? execFileText(process.execPath, args).then(({ stdout }) => stdout)
    help.set(key, known)
    return known
  }
  const commandsOf = async (path: readonly string[]): Promise<string> =>
    /^Commands:\n(.*?)^$/ms.exec(await helpOf(path))?.[1] ?? ''
  const wrong: string[] = []
  for (const { page, line } of commands) {
    const path: string[] = []
    for (const word of line.split(/\s+/).slice(1)) {
      if (!/^[a-z][a-z-]*$/.test(word)) break
      if (path.length > 0 && !new RegExp(`^ +${word} `, 'm').test(await commandsOf(path))) break
      path.push(word)
    }
    const text = await helpOf(path)
    if (!text.includes(`Usage: acrux ${path.join(' ')}`)) wrong.push(`${page}: ${line}: no such command`)
    for (const [flag] of line.matchAll(/(?<= )--?[a-z][a-z-]*/g)) {
      if (!new RegExp(`^ +(-[-\\w]+, )*${flag}\\b`, 'm').test(text)) wrong.push(`${page}: ${line}: ${flag}`)
    }
  }
  assert.deepEqual(wrong, [])
})

/** The paths of all values in mappings, such as `gc.intervalSeconds`. A list is one value. */
function pathsIn(content: unknown): string[] {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return []
  return Object.entries(content).flatMap(([name, value]) => {
    const inner = pathsIn(value)
    return inner.length === 0 ? [name] : inner.map((path) => `${name}.${path}`)
  })
}

/** The flag of `acrux serve` for a setting, such as `--gc-interval-seconds` for `gc.intervalSeconds`. */
function flagOf(setting: string): string {
  return `--${setting
    .replace(/^database\.url$/, 'database')
    .replaceAll('.', '-')
    .replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

test('every setting in a configuration file of the documents exists', async () => {
  const { stdout } = await execFileText(process.execPath, [mainFile, 'serve', '--help'])
  const flags = new Set([...stdout.matchAll(/^ +(--[a-z0-9-]+)/gm)].map(([, flag]) => flag))
  const unknown: string[] = []
  let seen = 0
  for (const page of documents.filter((each) => each.startsWith('docs/'))) {
    for (const [, block = ''] of read(page).matchAll(/^```yaml\n(# \/etc\/acrux\/acrux\.yaml\n.*?)^```/gms)) {
      for (const name of pathsIn(parse(block))) {
        seen += 1
        if (!flags.has(flagOf(name))) unknown.push(`${page}: ${name}`)
      }
    }
  }
  assert.deepEqual(unknown, [])
  assert.ok(seen > 8, `only ${seen} settings were seen`)
})

test('every metric in the alert rules and the dashboard is documented', () => {
  const documented = read('docs/reference/monitoring.md')
  for (const file of ['docs/how-to/alerts.yml', 'docs/how-to/grafana-dashboard.json']) {
    const names = new Set([...read(file).matchAll(/\bacrux_[a-z0-9_]+/g)].map(([name]) => name.replace(/_bucket$/, '')))
    assert.ok(names.size > 10, file)
    assert.deepEqual(
      [...names].filter((name) => !documented.includes(`\`${name}\``)),
      [],
      file,
    )
  }
  const alerts = [...read('docs/how-to/alerts.yml').matchAll(/alert: (\w+)/g)].map(([, name = '']) => name)
  const explained = read('docs/how-to/monitor.md')
  assert.deepEqual(
    alerts.filter((name) => !explained.includes(`\`${name}\``)),
    [],
  )
})

test('promtool accepts the alert rules and the Prometheus configuration', async (t) => {
  if (!requireClient(t, 'promtool')) return
  const { stdout } = await execFileText('promtool', ['check', 'config', join(root, 'docs/how-to/prometheus.yml')])
  assert.match(stdout, /SUCCESS: \d+ rules found/)
})

test('pages for users of an installed package call the installed program', () => {
  // In a clone, npm finds the program. Elsewhere it would install a package of this name, which is not ours.
  const forClones = ['README.md', 'docs/README.md', 'docs/tutorials/first-registry.md']
  const others = documents.filter((page) => !forClones.includes(page) && read(page).includes('npx acrux'))
  assert.deepEqual(others, [])
})

test('every page of the documentation is linked from its index', () => {
  const index = new Set(
    [...prose(read('docs/README.md')).matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) =>
      normalize(join('docs', target)),
    ),
  )
  const pages = documents.filter((page) => page.startsWith('docs/') && !page.startsWith('docs/decisions/0'))
  assert.deepEqual(
    pages.filter((page) => page !== 'docs/README.md' && !index.has(page)),
    [],
  )
})
