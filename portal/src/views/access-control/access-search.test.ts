import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrincipal, parseAccessSearch, parsePrincipal } from './access-search.ts'

const id = '01234567-0123-4123-8123-0123456789ab'

test('the address of access control has a tab, a question and a filter, and nothing else', () => {
  const search = { tab: 'check', principal: id, action: 'push', repository: 'team/app', role: id, filter: 'x' }
  assert.deepEqual(parseAccessSearch({ ...search, done: 'assigned' }), { ...search, done: 'assigned' })
  const wrong = { tab: 'x', principal: 'ada', action: 'fly', role: 'Owner', filter: 'x'.repeat(257), done: 'removed' }
  assert.deepEqual(parseAccessSearch(wrong), {})
  assert.deepEqual(parsePrincipal({ principal: 'anonymous' }), {})
})

test('a question is about an object of the directory, a scoped token, the admin account or anonymous callers', () => {
  for (const text of [id, 'token:ci', 'admin', 'anonymous']) assert.equal(isPrincipal(text), true, text)
  for (const text of ['', 'ada', 'token:', `${id}/x`]) assert.equal(isPrincipal(text), false, text)
})
