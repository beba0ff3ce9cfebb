import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestSeries } from './request-series.ts'

test('pulls, pushes and sign-ins are allowed requests, and storage is none', () => {
  const times = ['2026-11-30T12:00:00Z', '2026-11-30T13:00:00Z']
  assert.deepEqual(
    requestSeries([
      { name: 'SuccessfulPullCount', times, values: [10, 20] },
      { name: 'SuccessfulPushCount', times, values: [1, 2] },
      { name: 'SignInCount', times, values: [3] },
      { name: 'DenialCount', times, values: [0, 7] },
      { name: 'StorageUsed', times, values: [1000, 1000] },
    ]),
    { times, allowed: [14, 22], denied: [0, 7] },
  )
  assert.deepEqual(requestSeries([]), { times: [], allowed: [], denied: [] })
})
