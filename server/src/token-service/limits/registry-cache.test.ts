import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistryCache } from './registry-cache.ts'

const header = (name: string | number) => `Bearer ${name}`.padEnd(1488, '.')

test('an entry is found only for its registry, until it is deleted', () => {
  const memory = new RegistryCache<string>(1_000_000)
  memory.set('one', header(1), 'a', 0)
  assert.equal(memory.get('one', header(1)), 'a')
  assert.equal(memory.get('other', header(1)), undefined)
  assert.equal(memory.get('one', header(2)), undefined)
  memory.set('one', header(1), 'b', 0)
  assert.equal(memory.get('one', header(1)), 'b')
  assert.equal(memory.weightBytes, 2000, 'counted once')
  memory.delete('one', header(1))
  memory.delete('one', header(1))
  assert.equal(memory.get('one', header(1)), undefined)
  assert.equal(memory.weightBytes, 0)
})

test('the registry cache never exceeds its limit', () => {
  const memory = new RegistryCache<number>(100_000)
  for (let index = 0; index < 1000; index += 1) {
    memory.set('one', header(index), index, 3000)
    assert.ok(memory.weightBytes <= 100_000)
  }
  assert.equal(memory.get('one', header(999)), 999)
  assert.equal(memory.get('one', header(980)), 980)
  assert.equal(memory.get('one', header(979)), undefined, 'the oldest are forgotten')
  memory.addWeight('one', header(999), 50_000)
  assert.ok(memory.weightBytes <= 100_000)
  memory.addWeight('one', header(5), 1_000_000)
  assert.equal(memory.get('one', header(999)), 999, 'what is forgotten does not grow')
  memory.addWeight('one', header(999), 1_000_000)
  assert.equal(memory.weightBytes, 0, 'what is too heavy alone is not remembered')
})

test('a registry with many senders does not evict the entries of others', () => {
  const memory = new RegistryCache<string>(100_000)
  memory.set('quiet', header('q'), 'kept', 0)
  for (let index = 0; index < 1000; index += 1) memory.set('busy', header(index), 'x', 0)
  assert.equal(memory.get('quiet', header('q')), 'kept')
})

test('the latest entry of a connection is the current one, and evicted entries are never returned', () => {
  const memory = new RegistryCache<string>(20_000)
  const [mine, others] = [{}, {}]
  memory.set('one', header(1), 'a', 0)
  memory.set('one', header(2), 'b', 0)
  for (const connection of [mine, mine, others]) {
    assert.equal(memory.getOn(connection, 'one', header(1)), 'a')
    assert.equal(memory.getOn(connection, 'one', header(2)), 'b')
    assert.equal(memory.getOn(connection, 'other', header(2)), undefined)
    assert.equal(memory.getOn(connection, 'one', header(3)), undefined)
    assert.equal(memory.getOn(connection, 'one', header(1)), 'a')
  }
  memory.set('one', header(1), 'c', 0)
  assert.equal(memory.getOn(mine, 'one', header(1)), 'c', 'what took its place')
  memory.delete('one', header(1))
  assert.equal(memory.getOn(mine, 'one', header(1)), undefined, 'dropped')
  assert.equal(memory.getOn(mine, 'one', ''), undefined)
  memory.set('one', header(1), 'd', 0)
  assert.equal(memory.getOn(mine, 'one', header(1)), 'd', 'kept again')
  for (let index = 0; index < 20; index += 1) memory.set('one', header(`later ${index}`), 'x', 0)
  assert.equal(memory.getOn(mine, 'one', header(1)), undefined, 'forgotten with the oldest')
})
