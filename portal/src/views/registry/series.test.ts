import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metrics } from '../../api/types.ts'
import { periodAt, seriesOf } from './series.ts'

test('a metric shows totals, the storage its highest value, and what was not measured nothing', () => {
  const data = [{ timeStamp: '2026-11-24T12:00:00Z', total: 3, maximum: 2 }]
  const metric = (value: string) => ({ name: { value }, timeseries: [{ data }] })
  const metrics = { value: [metric('SuccessfulPullCount'), metric('StorageUsed')] } as unknown as Metrics
  const values = Object.fromEntries(seriesOf(metrics).map((series) => [series.name, series.values]))
  assert.deepEqual(values['SuccessfulPullCount'], [3])
  assert.deepEqual(values['StorageUsed'], [2])
  assert.deepEqual(values['DenialCount'], [])
})

test('a period is from one interval to the next, and the last period has no end', () => {
  assert.deepEqual(periodAt(['2026-11-24T12:00:00Z', '2026-11-24T13:00:00Z'], 0), {
    from: '2026-11-24T12:00:00Z',
    to: '2026-11-24T13:00:00Z',
  })
  assert.deepEqual(periodAt(['2026-11-24T12:00:00Z'], 0), { from: '2026-11-24T12:00:00Z' })
})
