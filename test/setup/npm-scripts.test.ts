import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/**
 * The scripts that run a server. npm sends SIGTERM to the shell only; a shell that does not `exec` would end at once, and
 * leave the server running while npm reports that it has ended.
 */
const serving = ['start', 'dev']

test('npm scripts contain no shell syntax, except `exec` where a server runs', () => {
  for (const folder of ['', 'cli/', 'contract/', 'server/', 'test/']) {
    const file = new URL(`../../${folder}package.json`, import.meta.url)
    const { scripts = {} } = JSON.parse(readFileSync(file, 'utf8')) as { scripts?: Record<string, string> }
    for (const [name, command] of Object.entries(scripts)) {
      const pattern = serving.includes(name) ? /^exec node [\w./-]+$/ : /^node [\w./-]+$/
      assert.match(command, pattern, `${folder}package.json: ${name}`)
    }
  }
})
