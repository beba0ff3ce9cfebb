import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFirstAccount } from './first-account.ts'

test('the first account is the oldest one', () => {
  const people = [
    { id: 'b', createdDateTime: '2026-12-02T00:00:00Z' },
    { id: 'a', createdDateTime: '2026-12-01T00:00:00Z' },
  ]
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => isFirstAccount(id, people)),
    [true, false, false],
  )
})
