import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metrics } from '../../api/types.ts'
import { barHeights, seriesOf } from './series.ts'

test('the highest bar fills the plot, one of a million is seen, and nothing has no bar', () => {
  assert.deepEqual(barHeights([0, 1, 1_000_000], 100), [0, 2, 100])
  assert.deepEqual(barHeights([], 100), [])
  assert.deepEqual(barHeights([0, 0], 100), [0, 0])
})

test('a metric shows totals, the storage its highest value, and what was not measured nothing', () => {
  const data = [{ timeStamp: '2026-11-24T12:00:00Z', total: 3, maximum: 2 }]
  const metric = (value: string) => ({ name: { value }, timeseries: [{ data }] })
  const metrics = { value: [metric('SuccessfulPullCount'), metric('StorageUsed')] } as unknown as Metrics
  const values = Object.fromEntries(seriesOf(metrics).map((series) => [series.name, series.values]))
  assert.deepEqual(values['SuccessfulPullCount'], [3])
  assert.deepEqual(values['StorageUsed'], [2])
  assert.deepEqual(values['DenialCount'], [])
})
