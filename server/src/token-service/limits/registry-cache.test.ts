import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryCache } from './registry-cache.ts'

const header = (name: string | number) => `Bearer ${name}`.padEnd(1488, '.')

test('an entry is found only for its registry, until it is deleted', () => {
  const cache = new RegistryCache<string>(1_000_000)
  cache.set('one', header(1), 'a', 0)
  assert.equal(cache.get('one', header(1)), 'a')
  assert.equal(cache.get('other', header(1)), undefined)
  assert.equal(cache.get('one', header(2)), undefined)
  cache.set('one', header(1), 'b', 0)
  assert.equal(cache.get('one', header(1)), 'b')
  assert.equal(cache.weightBytes, 2000, 'a replaced entry has no weight')
  cache.delete('one', header(1))
  cache.delete('one', header(1))
  assert.equal(cache.get('one', header(1)), undefined)
  assert.equal(cache.weightBytes, 0)
})

test('the registry cache never exceeds its maximum', () => {
  const cache = new RegistryCache<number>(100_000)
  for (let index = 0; index < 1000; index += 1) {
    cache.set('one', header(index), index, 3000)
    assert.ok(cache.weightBytes <= 100_000)
  }
  assert.equal(cache.get('one', header(999)), 999)
  assert.equal(cache.get('one', header(980)), 980)
  assert.equal(cache.get('one', header(979)), undefined, 'the oldest entries are evicted')
  cache.set('one', header(1000), 1000, 80_000)
  assert.ok(cache.weightBytes <= 100_000)
  assert.deepEqual(
    [980, 981, 999, 1000].map((name) => cache.get('one', header(name))),
    [980, undefined, 999, 1000],
    'entries in use stay',
  )
  cache.set('one', header(999), 0, 1_000_000)
  assert.equal(cache.get('one', header(999)), undefined, 'an entry over the maximum is not cached')
  assert.ok(cache.weightBytes <= 100_000)
})

test('a registry with many senders does not evict the entries of others', () => {
  const cache = new RegistryCache<string>(100_000)
  cache.set('quiet', header('q'), 'a', 0)
  for (let index = 0; index < 1000; index += 1) cache.set('busy', header(index), 'x', 0)
  assert.equal(cache.get('quiet', header('q')), 'a')
})
