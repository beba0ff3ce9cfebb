import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

const root = join(import.meta.dirname, '..')

const programs = ['shared', 'server', 'cli', 'portal', 'testing'] as const

/** The source files whose texts users can see: in pages, responses, logs, settings, the command line and the portal. */
const sources = programs.flatMap((program) => {
  const found = globSync(`${program}/src/**/*.{ts,tsx}`, { cwd: root }).filter(
    (path) => !/\.test\.tsx?$|\/test-[^/]+$|-contract\.ts$/.test(path),
  )
  if (found.length === 0) throw new Error(`${program}/src has no source files`)
  return found
})

/** Files whose strings are data. */
const dataFiles: ReadonlySet<string> = new Set([
  'server/src/credentials/passwords/passwords.ts',
  'cli/src/resources/completion/scripts.ts',
  'portal/src/views/applications/job-systems.ts',
])

/** A text of the code, with the number of its first line. Values within it are replaced by `…`. */
export type CodeText = { readonly path: string; readonly line: number; readonly text: string }

/** All strings of the code that are texts rather than names: those with several words. */
export function codeTexts(): CodeText[] {
  const missing = [...dataFiles].filter((path) => !sources.includes(path))
  if (missing.length > 0) throw new Error(`there are no files ${missing.join(', ')}`)
  return sources
    .filter((path) => !dataFiles.has(path))
    .flatMap((path) => textsOf(path, readFileSync(join(root, path), 'utf8')))
}

/** The texts of one source. */
export function textsOf(path: string, source: string): CodeText[] {
  const found: { readonly start: number; readonly text: string }[] = []
  const queries = new Set<number>()
  const styles: { readonly start: number; readonly end: number }[] = []
  const visitor = new Visitor({
    CallExpression: ({ callee, start, end }) => {
      if (callee.type === 'Identifier' && callee.name === 'makeStyles') styles.push({ start, end })
    },
    JSXText: ({ start, value }) => void found.push({ start, text: value }),
    Literal: ({ start, value }) => {
      if (typeof value === 'string') found.push({ start, text: value })
    },
    TaggedTemplateExpression: ({ tag, quasi }) => {
      if (tag.type === 'Identifier' && tag.name === 'sql') queries.add(quasi.start)
    },
    TemplateLiteral: ({ start, quasis }) => {
      if (queries.has(start)) return
      found.push({ start, text: quasis.map(({ value }) => value.cooked ?? value.raw).join('…') })
    },
  })
  visitor.visit(parseSync(path, source).program)
  return found
    .filter(({ start }) => !styles.some((style) => start > style.start && start < style.end))
    .map(({ start, text }) => ({ path, line: lineAt(source, start), text: withoutMarkup(text) }))
    .filter(({ text }) => !/^select .* from /.test(text))
    .filter(({ text }) => text.split(' ').filter((word) => /\p{L}{2}/u.test(word)).length > 1)
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

function withoutMarkup(text: string): string {
  return text
    .replaceAll(/<[a-z!/][^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
