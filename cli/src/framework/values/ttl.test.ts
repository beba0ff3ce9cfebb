import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTtl } from './duration.ts'

test('a time is a number with a unit, and is at most three hours', () => {
  assert.deepEqual(['30s', '15m', '3h'].map(parseTtl), [30, 900, 10_800])
  for (const text of ['', '15', '0s', '4h', '1.5s', '-1m', '15 m', '1d']) assert.throws(() => parseTtl(text), text)
})
