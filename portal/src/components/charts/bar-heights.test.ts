import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axisEnd, barHeights } from './bar-heights.ts'

test('the largest bar has the whole length, and one event beside a million is visible', () => {
  assert.deepEqual(barHeights([0, 50, 100], 100), [0, 50, 100])
  assert.deepEqual(barHeights([1, 1_000_000], 100), [2, 100])
  assert.deepEqual(barHeights([0, 0], 100), [0, 0])
  assert.deepEqual(barHeights([], 100), [])
})

test('an axis ends at a round number that no value exceeds', () => {
  assert.equal(axisEnd([]), 1)
  assert.equal(axisEnd([3]), 5)
  assert.equal(axisEnd([184_210, 12]), 200_000)
  assert.equal(axisEnd([1000]), 1000)
  assert.equal(axisEnd([51]), 100)
})
