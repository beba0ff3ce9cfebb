import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNames, withRecent } from './recent-names.ts'

test('a name that is used becomes the first one, and the oldest names are forgotten', () => {
  assert.deepEqual(withRecent(['a', 'b', 'c'], 'c', 3), ['c', 'a', 'b'])
  assert.deepEqual(withRecent(['a', 'b', 'c'], 'd', 3), ['d', 'a', 'b'])
})

test('stored text that is no list of names is ignored', () => {
  for (const stored of [null, '', '{', '"a"', '{"a":1}']) assert.deepEqual(parseNames(stored), [], String(stored))
  assert.deepEqual(parseNames('["a",1,"b"]'), ['a', 'b'])
})
