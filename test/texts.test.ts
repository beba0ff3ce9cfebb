import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { tempDir } from './harness/temp-dir.ts'
import { codeTexts, textsOf } from './texts.ts'

const execFileText = promisify(execFile)
const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

type Phrase = { readonly pattern: RegExp; readonly instead: string }

const phrases: readonly Phrase[] = read('test/phrases.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [, pattern, instead] = /^(.+?) {2}# (.+)$/.exec(line) ?? []
    if (pattern === undefined || instead === undefined) throw new Error(`test/phrases.txt: ${line}`)
    return { pattern: new RegExp(pattern, 'i'), instead }
  })

/** The phrases in a text, each with what to write instead. */
function phrasesIn(text: string): string[] {
  return phrases.flatMap(({ pattern, instead }) => {
    const [hit] = pattern.exec(text) ?? []
    return hit === undefined ? [] : [`"${hit}": write ${instead}`]
  })
}

/** Texts that other products define, which clients may compare. */
const quoted: readonly RegExp[] = [/aka\.ms\//]

const texts = codeTexts()

test('no text of the code uses a phrase of test/phrases.txt', () => {
  assert.ok(texts.length > 1000, `only ${texts.length} texts were found`)
  const found = texts
    .filter(({ text }) => !quoted.some((pattern) => pattern.test(text)))
    .flatMap(({ path, line, text }) => phrasesIn(text).map((hit) => `${path}:${line}: ${hit}`))
  assert.deepEqual(found, [])
})

/** The prose of a document: no code, no targets of links. */
function proseOf(markdown: string): string {
  return markdown
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .replaceAll(/`[^`]*`/g, '')
    .replaceAll(/\]\([^)\s]+\)/g, ']')
    .replaceAll(/\s+/g, ' ')
}

/** Documents that quote phrases, or the language of earlier versions. */
const quoting = new Set(['docs/style.md', 'docs/reference/glossary.md', 'CHANGELOG.md'])

test('no document uses a phrase of test/phrases.txt', () => {
  const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).filter((path) => !quoting.has(path))
  assert.ok(documents.length > 30, `only ${documents.length} documents were found`)
  const found = documents.flatMap((path) => {
    // The table of planted faults is written by the tests.
    const [text = ''] = read(path).split('\n## Planted faults\n')
    return phrasesIn(proseOf(text)).map((hit) => `${path}: ${hit}`)
  })
  assert.deepEqual(found, [])
})

test('the texts of the code have no spelling mistakes', { timeout: 300_000 }, async () => {
  using folder = tempDir('texts')
  const file = join(folder.path, 'texts.txt')
  writeFileSync(file, texts.map(({ text }) => `${text}\n`).join(''))
  const cspell = join(root, 'node_modules/.bin/cspell')
  const args = ['lint', `--config=${join(root, 'cspell.json')}`, '--no-progress', '--no-summary', `file://${file}`]
  const { stdout } = await execFileText(process.execPath, [cspell, ...args]).catch(
    (error: { readonly stdout: string }) => error,
  )
  const found = [...stdout.matchAll(/:(\d+):\d+ - (.*)$/gm)].map(([, number, problem]) => {
    const { path, line } = texts[Number(number) - 1] ?? { path: '', line: 0 }
    return `${path}:${line}: ${problem}`
  })
  assert.deepEqual(found, [], 'correct the text, or add a term to docs/words.txt')
})

test('a text is found in a string and a template, with its line, and names and queries are not texts', () => {
  const source = [
    "log.warn({ id: 'a-name' }, 'a line of the log')",
    'throw new Error(`the file ${join(path, "in a value")} is missing`)',
    'sql`select a from table`',
    'html`<p class="quiet hint">Two <b>words</b></p>`',
    'const page = <Button title="The title">in an element</Button>',
  ].join('\n')
  assert.deepEqual(
    textsOf('example.tsx', source).map(({ line, text }) => `${line}: ${text}`),
    [
      '1: a line of the log',
      '2: the file … is missing',
      '2: in a value',
      '4: Two words',
      '5: The title',
      '5: in an element',
    ],
  )
})
