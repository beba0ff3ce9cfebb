import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

test('npm scripts contain no shell syntax, so that they run on Windows too', () => {
  for (const folder of ['', 'cli/', 'server/', 'test/']) {
    const file = new URL(`../../${folder}package.json`, import.meta.url)
    const { scripts = {} } = JSON.parse(readFileSync(file, 'utf8')) as { scripts?: Record<string, string> }
    for (const [name, command] of Object.entries(scripts)) {
      assert.match(command, /^node [\w./-]+( --[\w-]+)*$/, `${folder}package.json: ${name}`)
    }
  }
})
