import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery, principalTextOf } from './query.ts'

test('a search text has 2 to 512 characters, without spaces around it', () => {
  assert.equal(parseQuery(' team/app:1 '), 'team/app:1')
  for (const typed of ['', ' x ', 'x'.repeat(513)]) assert.equal(parseQuery(typed), undefined, typed)
})

test('people, groups and applications are not searched for an image or a digest', () => {
  for (const text of ['team/app:1', `sha256:${'a'.repeat(64)}`, `app@sha256:${'a'.repeat(64)}`])
    assert.equal(principalTextOf(text), undefined, text)
  for (const text of ['team', 'alice@example.com']) assert.equal(principalTextOf(text), text)
})
