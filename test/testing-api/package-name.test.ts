import assert from 'node:assert/strict'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importedName, publishedName } from '../../scripts/build/program.ts'

const root = join(import.meta.dirname, '../..')
const files = globSync(['*.md', 'docs/**/*.md', 'examples/**/*', 'testing/**/*'], {
  cwd: root,
  exclude: (path) => /node_modules|^testing\/src/.test(path),
})
  .map((path) => join(root, path))
  .filter((path) => statSync(path).isFile())
const texts = files.map((file) => ({ file, text: readFileSync(file, 'utf8') }))

/** The matches of a pattern in all documents and examples, each with its file. */
function findAll(pattern: RegExp): string[] {
  return texts.flatMap(({ file, text }) => [...text.matchAll(pattern)].map(([found]) => `${file}: ${found}`))
}

test('documents and examples install the package by its scoped name or from a file', () => {
  const installs = findAll(/npm (?:install|i|add)\b[^\n`]*/g).filter((found) =>
    /[ /]acrux/.test(found.split(': ')[1] ?? ''),
  )
  const alias = `${importedName}@npm:${publishedName}`
  const wrong = installs.filter((found) => !found.endsWith(alias) && !found.endsWith(' ./acrux-VERSION.tgz'))
  assert.deepEqual(wrong, [])
  assert.ok(installs.length > 2, `${installs.length} installations`)
  const versions = findAll(/"acrux": "[^"]*"/g)
  assert.deepEqual(
    versions.filter((found) => !found.includes(`"npm:${publishedName}@`)),
    [],
  )
})

test('documents and examples import the package by one name', () => {
  const imports = findAll(/'[^'\s]*acrux\/testing'/g)
  assert.deepEqual(
    imports.filter((found) => !found.endsWith(` '${importedName}/testing'`)),
    [],
  )
  assert.ok(imports.length > 1, `${imports.length} imports`)
})
