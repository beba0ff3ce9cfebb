import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasswordThrottle } from './password-throttle.ts'

test('correct passwords are limited by the clock of the machine, and guesses by the clock that the test controls', () => {
  const time = { nowMs: 0, machineMs: 0 }
  const throttle = createPasswordThrottle({ now: () => time.nowMs, machine: { now: () => time.machineMs } })
  const count = (how: 'verified' | 'rejected', network: string) => {
    for (let admitted = 0; ; admitted += 1) {
      const attempt = throttle.begin({ network, name: 'alice', known: true })
      if (typeof attempt !== 'object' || !('end' in attempt)) return admitted
      attempt.end(how)
    }
  }
  assert.deepEqual([count('verified', '198.51.100.7'), count('rejected', '203.0.113.1')], [60, 10])
  time.machineMs += 60_000
  assert.deepEqual([count('verified', '198.51.100.7'), count('rejected', '203.0.113.1')], [60, 0])
  time.nowMs += 10 * 60_000
  assert.equal(count('rejected', '203.0.113.1'), 10)
})
