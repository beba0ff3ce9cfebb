import assert from 'node:assert/strict'
import { test } from 'node:test'
import { curveOf } from './curve.ts'
import { memoryOf, slopeOf } from './memory.ts'

test('the slope of the memory is its growth for each minute, whatever the noise around the line', () => {
  const noisy = Array.from({ length: 100 }, (_, x) => ({ x, y: 100 + 0.5 * x + (x % 2 === 0 ? 3 : -3) }))
  assert.ok(Math.abs(slopeOf(noisy) - 0.5) < 0.01)
  assert.equal(slopeOf([{ x: 1, y: 5 }]), 0)
})

test('the memory of a process of its own does not include the pages of its executable', () => {
  const { ownMib, residentMib } = memoryOf(process.pid)
  assert.ok(ownMib > 5 && ownMib < residentMib, `${ownMib} of ${residentMib} MiB`)
})

test('the curve has a point for each measurement', () => {
  const points = [0, 1, 2].map((minute) => ({ minute, ownMib: 100 + minute, residentMib: 150 }))
  const lines = [...curveOf(points).matchAll(/<polyline points="([^"]*)"/g)].map(([, text = '']) => text.split(' '))
  assert.deepEqual(
    lines.map((line) => line.length),
    [3, 3],
  )
})
