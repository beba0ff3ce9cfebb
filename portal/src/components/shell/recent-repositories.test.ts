import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namesIn } from './recent-repositories.ts'

test('a list has names, or rows with names', () => {
  assert.deepEqual(namesIn({ pages: [{ items: ['a', { name: 'b' }] }, { items: [3, null] }, {}] }), ['a', 'b'])
  assert.deepEqual(namesIn(undefined), [])
})
