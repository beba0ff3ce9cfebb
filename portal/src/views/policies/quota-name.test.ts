import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameFor } from './quota-name.ts'

test('a new quota has the name of its repository, and never that of another quota', () => {
  const named = (...names: string[]) => names.map((name) => ({ name }))
  assert.equal(nameFor(null, []), 'registry')
  assert.equal(nameFor('team/app', []), 'team-app')
  assert.equal(nameFor('team/app', named('Team-App', 'team-app-2')), 'team-app-3')
  const long = nameFor('a'.repeat(200), named('a'.repeat(45)))
  assert.match(long, /^[A-Za-z0-9-]{1,50}$/)
  assert.equal(long, `${'a'.repeat(45)}-2`)
})
