import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RevisionCache } from './revision-cache.ts'

test('an entry is found only at its own revision, until the entry expires', () => {
  const cache = new RevisionCache<string>(10)
  cache.set(1, 'a', 'value', 100)
  assert.equal(cache.get(1, 'a', 99), 'value')
  assert.equal(cache.get(1, 'a', 100), undefined)
  assert.equal(cache.get(1, 'b', 0), undefined)
  assert.equal(cache.get(2, 'a', 0), undefined)
  assert.equal(cache.get(0, 'a', 0), undefined)
})

test('a later revision empties the cache, and an earlier revision changes nothing', () => {
  const cache = new RevisionCache<string>(10)
  cache.set(1, 'a', 'old', Infinity)
  cache.set(2, 'b', 'new', Infinity)
  assert.equal(cache.get(2, 'a', 0), undefined)
  cache.set(1, 'b', 'late', Infinity)
  assert.equal(cache.get(2, 'b', 0), 'new')
  assert.equal(cache.get(1, 'b', 0), undefined)
})

test('the maximum weight is never exceeded: the least recently used entries are evicted', () => {
  const cache = new RevisionCache<number>(10, (weight) => weight)
  for (let index = 0; index < 10; index++) cache.set(1, `${index}`, 1, Infinity)
  assert.equal(cache.get(1, '0', 0), 1)
  cache.set(1, 'heavy', 8, Infinity)
  assert.deepEqual(
    ['heavy', '0', '9', '1', '8'].map((key) => cache.get(1, key, 0)),
    [8, 1, 1, undefined, undefined],
  )
  cache.set(1, 'too heavy', 11, Infinity)
  assert.equal(cache.get(1, 'too heavy', 0), undefined)
  assert.equal(cache.get(1, 'heavy', 0), 8, 'an entry over the maximum evicts nothing')
  cache.set(2, 'a', 9, Infinity)
  cache.set(2, 'b', 1, Infinity)
  assert.equal(cache.get(2, 'a', 0), 9, 'a new revision has the whole weight')
})
