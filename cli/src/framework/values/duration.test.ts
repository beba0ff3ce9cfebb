import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationText } from './duration.ts'

const hourMs = 3_600_000

test('a duration is written in its largest unit', () => {
  assert.deepEqual([0, 1000, 59_000, 60_000, hourMs * 1.9, hourMs * 24 * 3].map(durationText), [
    '0 seconds',
    '1 second',
    '59 seconds',
    '1 minute',
    '1 hour',
    '3 days',
  ])
})
