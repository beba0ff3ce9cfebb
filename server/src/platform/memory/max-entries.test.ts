import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LRUCache } from 'lru-cache'
import { maxEntries } from './max-entries.ts'

test('a cache contains at most the maximum number of entries, and evicts the least recently used entry', () => {
  const cache = new LRUCache<string, number>(maxEntries(2))
  cache.set('a', 1).set('b', 2)
  cache.get('a')
  cache.set('c', 3)
  assert.deepEqual([...cache.keys()], ['c', 'a'])
  cache.set('a', 4)
  assert.deepEqual(
    [...cache.entries()],
    [
      ['a', 4],
      ['c', 3],
    ],
  )
})

test('a cache does not allocate memory before entries are added', () => {
  assert.equal(new LRUCache<string, number>(maxEntries(1_000_000)).max, 0)
})
