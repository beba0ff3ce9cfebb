import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuthorityMemory } from './authority-memory.ts'

test('what was kept is recalled at its own revision, and until its time', () => {
  const memory = new AuthorityMemory<string>(10)
  memory.keep(1, 'a', 'value', 100)
  assert.equal(memory.recall(1, 'a', 99), 'value')
  assert.equal(memory.recall(1, 'a', 100), undefined)
  assert.equal(memory.recall(1, 'b', 0), undefined)
  assert.equal(memory.recall(2, 'a', 0), undefined)
  assert.equal(memory.recall(0, 'a', 0), undefined)
})

test('a newer revision ends what was kept before, and an older one brings nothing back', () => {
  const memory = new AuthorityMemory<string>(10)
  memory.keep(1, 'a', 'old', Infinity)
  memory.keep(2, 'b', 'new', Infinity)
  assert.equal(memory.recall(2, 'a', 0), undefined)
  memory.keep(1, 'b', 'late', Infinity)
  assert.equal(memory.recall(2, 'b', 0), 'new')
  assert.equal(memory.recall(1, 'b', 0), undefined)
})

test('no more is kept than the limit, by number or by weight', () => {
  const memory = new AuthorityMemory<number>(10)
  for (let index = 0; index < 10; index++) memory.keep(1, `${index}`, index, Infinity)
  assert.equal(memory.recall(1, '0', 0), 0)
  memory.keep(1, 'heavy', 1, Infinity, 8)
  assert.equal(memory.recall(1, '0', 0), undefined, 'it begins anew')
  assert.equal(memory.recall(1, 'heavy', 0), 1)
  memory.keep(1, 'light', 2, Infinity, 2)
  assert.equal(memory.recall(1, 'heavy', 0), 1, 'up to the limit')
  memory.keep(1, 'next', 3, Infinity)
  assert.equal(memory.recall(1, 'heavy', 0), undefined)
  memory.keep(2, 'a', 4, Infinity, 9)
  memory.keep(2, 'b', 5, Infinity)
  assert.equal(memory.recall(2, 'a', 0), 4, 'a new revision begins with nothing')
})
