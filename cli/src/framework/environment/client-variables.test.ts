import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientVariables } from './client-variables.ts'

/** Variables of the system or of npm, which a user does not set for this program. */
const ofOthers = new Set(['PATH', 'SUDO_USER', 'npm_execpath', 'https_proxy'])

test('every variable that the commands read is in the list', () => {
  const listed = new Set(clientVariables.map(({ name }) => name))
  const source = join(import.meta.dirname, '../..')
  const files = globSync('**/*.ts', { cwd: source }).filter((file) => !file.endsWith('.test.ts'))
  const read = files.flatMap((file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(/\benv\['(\w+)'\]/g)].map(([, name = '']) => name),
  )
  assert.ok(read.length > 15, `only ${read.length} variables were seen`)
  assert.deepEqual(
    read.filter((name) => !listed.has(name) && !ofOthers.has(name)),
    [],
  )
})
