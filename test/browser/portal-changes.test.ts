import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { changes } from './portal-changes.ts'

const portal = join(import.meta.dirname, '../../portal/src')

/** The sources of the portal by their names, without `client.ts`, which sends what they tell it. */
const sources = new Map(
  globSync('**/*.{ts,tsx}', { cwd: portal, exclude: ['**/*.test.ts'] }).map(
    (path) => [path, readFileSync(join(portal, path), 'utf8')] as const,
  ),
)

/** The changes in a source, such as `DELETE tokens.deleteToken`: the method, the file and the function. */
function changesOf(path: string, source: string): readonly string[] {
  const file = basename(path).replace(/\.tsx?$/, '')
  let name = ''
  return source.split('\n').flatMap((line) => {
    name = /^(?:export )?(?:async )?(?:function|const) (\w+)/.exec(line)?.[1] ?? name
    return [...line.matchAll(/\bmethod: '(POST|PUT|PATCH|DELETE)'/g)].map(([, method]) => `${method} ${file}.${name}`)
  })
}

test('every change that the portal can make has a row in the table of changes, and no other has', () => {
  const inSources = [...sources].flatMap(([path, source]) => changesOf(path, source))
  const inTable = changes.flatMap(({ request, by }) => by.map((one) => `${request.split(' ')[0] ?? ''} ${one}`))
  assert.deepEqual(new Set(inTable), new Set(inSources))
  const rowsOf = (change: string) => inTable.filter((one) => one === change).length
  const fewer = inSources.filter((change) => inSources.filter((one) => one === change).length > rowsOf(change))
  assert.deepEqual(fewer, [], 'a function sends more requests of a method than it has rows')
})

test('the portal sends requests in one place, and their methods are written where they are sent', () => {
  for (const [path, source] of sources) {
    if (path === 'api/client.ts') continue
    assert.doesNotMatch(source, /(?<![.\w])fetch\(|XMLHttpRequest|sendBeacon/, path)
    if (path.startsWith('api/')) assert.doesNotMatch(source, /[{,\n] *method(?:: (?!['A-Z])|[,}])/, path)
    else assert.doesNotMatch(source, /\b(?:send|readJson)\b[^}]*\} from '[./]*api\/client\.ts'/, path)
  }
})

test('each change is made by a page of its test file, which asserts it', () => {
  for (const file of new Set(changes.map(({ seenIn }) => seenIn))) {
    const source = readFileSync(join(import.meta.dirname, `${file}.test.ts`), 'utf8')
    assert.ok(source.includes(`recordChanges(portal, '${file}')`), file)
    assert.ok(source.includes('assert.deepEqual(made.missing(), [])'), file)
  }
})
