import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentOf } from './progress-bar.ts'

test('a percentage is rounded down, so that 100 % means complete', () => {
  assert.equal(percentOf(0), '0 %')
  assert.equal(percentOf(0.999), '99 %')
  assert.equal(percentOf(1), '100 %')
})
