import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RevisionCache } from './revision-cache.ts'

test('what was set is returned at its own revision, and until its time', () => {
  const cache = new RevisionCache<string>(10)
  cache.set(1, 'a', 'value', 100)
  assert.equal(cache.get(1, 'a', 99), 'value')
  assert.equal(cache.get(1, 'a', 100), undefined)
  assert.equal(cache.get(1, 'b', 0), undefined)
  assert.equal(cache.get(2, 'a', 0), undefined)
  assert.equal(cache.get(0, 'a', 0), undefined)
})

test('a newer revision ends what was kept before, and an older one brings nothing back', () => {
  const cache = new RevisionCache<string>(10)
  cache.set(1, 'a', 'old', Infinity)
  cache.set(2, 'b', 'new', Infinity)
  assert.equal(cache.get(2, 'a', 0), undefined)
  cache.set(1, 'b', 'late', Infinity)
  assert.equal(cache.get(2, 'b', 0), 'new')
  assert.equal(cache.get(1, 'b', 0), undefined)
})

test('no more is kept than the limit, by number or by weight', () => {
  const cache = new RevisionCache<number>(10)
  for (let index = 0; index < 10; index++) cache.set(1, `${index}`, index, Infinity)
  assert.equal(cache.get(1, '0', 0), 0)
  cache.set(1, 'heavy', 1, Infinity, 8)
  assert.equal(cache.get(1, '0', 0), undefined, 'it begins anew')
  assert.equal(cache.get(1, 'heavy', 0), 1)
  cache.set(1, 'light', 2, Infinity, 2)
  assert.equal(cache.get(1, 'heavy', 0), 1, 'up to the limit')
  cache.set(1, 'next', 3, Infinity)
  assert.equal(cache.get(1, 'heavy', 0), undefined)
  cache.set(2, 'a', 4, Infinity, 9)
  cache.set(2, 'b', 5, Infinity)
  assert.equal(cache.get(2, 'a', 0), 4, 'a new revision begins with nothing')
})
