import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatArmTime, formatDataPlaneTime } from './acr-time.ts'

test('times have the digits that the recordings show', () => {
  const second = Date.UTC(2021, 4, 28, 17, 15, 15)
  // prettier-ignore
  const cases: readonly { time: number; dataPlane: string; arm: string; why: string }[] = [
    { time: second + 411.8286, dataPlane: '2021-05-28T17:15:15.4118286Z', arm: '2021-05-28T17:15:15.4118286+00:00', why: 'units of 100 nanoseconds' },
    { time: second + 411, dataPlane: '2021-05-28T17:15:15.411Z', arm: '2021-05-28T17:15:15.4110000+00:00', why: 'milliseconds' },
    { time: second + 400, dataPlane: '2021-05-28T17:15:15.4Z', arm: '2021-05-28T17:15:15.4000000+00:00', why: 'zeros at the end' },
    { time: second + 1, dataPlane: '2021-05-28T17:15:15.001Z', arm: '2021-05-28T17:15:15.0010000+00:00', why: 'zeros at the beginning' },
    { time: second, dataPlane: '2021-05-28T17:15:15Z', arm: '2021-05-28T17:15:15+00:00', why: 'no fraction' },
    { time: 999.99999, dataPlane: '1970-01-01T00:00:00.9999999Z', arm: '1970-01-01T00:00:00.9999999+00:00', why: 'never rounded into the next second' },
    { time: 0, dataPlane: '1970-01-01T00:00:00Z', arm: '1970-01-01T00:00:00+00:00', why: 'the epoch' },
    { time: -1, dataPlane: '1969-12-31T23:59:59.999Z', arm: '1969-12-31T23:59:59.9990000+00:00', why: 'before the epoch' },
  ]
  for (const { time, dataPlane, arm, why } of cases) {
    assert.equal(formatDataPlaneTime(time), dataPlane, why)
    assert.equal(formatArmTime(time), arm, why)
  }
})

test('a formatted time keeps its milliseconds and its order', () => {
  const time = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })
  fc.assert(
    fc.property(time, (milliseconds) => {
      assert.equal(Date.parse(formatDataPlaneTime(milliseconds)), milliseconds)
      assert.equal(Date.parse(formatArmTime(milliseconds)), milliseconds)
    }),
  )
})

test('an invalid time throws', () => {
  for (const time of [Number.NaN, Infinity, -Infinity, 1e300]) {
    assert.throws(() => formatDataPlaneTime(time), RangeError)
    assert.throws(() => formatArmTime(time), RangeError)
  }
})
