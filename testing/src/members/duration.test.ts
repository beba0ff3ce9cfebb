import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireDuration } from './duration.ts'

test('a duration is a number and a unit', () => {
  const texts = ['90s', '30m', '3h', '30d']
  assert.deepEqual(texts.map(requireDuration), [90_000, 1_800_000, 10_800_000, 2_592_000_000])
  for (const text of ['', '3', 'h', '3 h', '-3h', '3w', 'P3D']) assert.throws(() => requireDuration(text), RangeError)
})
