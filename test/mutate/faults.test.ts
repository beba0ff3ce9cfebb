import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { faults } from './faults.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('there are at least a hundred faults, each of which can still be planted, with tests that exist', () => {
  assert.ok(faults.length >= 100, `${faults.length} faults`)
  for (const { what, file, find, replace, tests, only = '' } of faults) {
    const text = readFileSync(join(root, file), 'utf8')
    assert.equal(text.split(find).length - 1, 1, `${file}: ${what}: the text to replace does not occur exactly once`)
    assert.notEqual(find, replace)
    // A text that cannot be parsed would fail every test, and show nothing.
    assert.doesNotThrow(() => stripTypeScriptTypes(text.replace(find, () => replace)), `${file}: ${what}: no program`)
    assert.ok(tests.length > 0, what)
    for (const one of tests) assert.ok(existsSync(join(root, one)), one)
    const titles = tests.map((one) => readFileSync(join(root, one), 'utf8')).join('\n')
    assert.ok(titles.includes(only), `${what}: no test is called ${only}`)
  }
  assert.equal(new Set(faults.map(({ file, find, replace }) => `${file}\n${find}\n${replace}`)).size, faults.length)
})
