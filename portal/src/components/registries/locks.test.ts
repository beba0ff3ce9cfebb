import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLocked, isUndeletable, lockAttributes } from './locks.ts'

const open = { writeEnabled: true, deleteEnabled: true, readEnabled: true, listEnabled: true }

test('each lock counts as locked, and locks of changes and deletions forbid to delete', () => {
  assert.equal(isLocked(open), false)
  for (const attribute of lockAttributes) {
    const locks = { ...open, [attribute]: false }
    assert.equal(isLocked(locks), true)
    assert.equal(isUndeletable(locks), attribute === 'writeEnabled' || attribute === 'deleteEnabled', attribute)
  }
})
