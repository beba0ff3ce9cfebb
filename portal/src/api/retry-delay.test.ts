import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelayMs } from './retry-delay.ts'

test('a server that does not answer is asked after 2, 4, 8 and 16 seconds, and then every 30 seconds', () => {
  const seconds = [0, 1, 2, 3, 4, 5, 100].map((failures) => retryDelayMs(failures) / 1000)
  assert.deepEqual(seconds, [2, 4, 8, 16, 30, 30, 30])
})
