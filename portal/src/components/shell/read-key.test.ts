import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKey } from './read-key.ts'

test('a key lists the keys, goes to the filter or reads the view again, and after G it opens a view', () => {
  assert.deepEqual(readKey('?', false), { action: { kind: 'list' }, isGo: false })
  assert.deepEqual(readKey('/', false), { action: { kind: 'filter' }, isGo: false })
  assert.deepEqual(readKey('R', false), { action: { kind: 'refresh' }, isGo: false })
  assert.deepEqual(readKey('g', false), { isGo: true })
  assert.deepEqual(readKey('r', true), { action: { kind: 'go', key: 'r' }, isGo: false })
  assert.deepEqual(readKey('?', true), { isGo: false })
  assert.deepEqual(readKey('b', false), { isGo: false })
})
