import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWaiting, latestPossibleMs } from './clock.ts'

test('a wait lasts until its stored time, unless the stored time is later than the longest possible wait', () => {
  const nowMs = 1_000_000
  const maxWaitMs = 1000
  const cases = [
    [nowMs - 1, false],
    [nowMs, false],
    [nowMs + 1, true],
    [nowMs + maxWaitMs, true],
    [latestPossibleMs(nowMs, maxWaitMs), true],
    [latestPossibleMs(nowMs, maxWaitMs) + 1, false],
    [Number.POSITIVE_INFINITY, false],
    [Number.NEGATIVE_INFINITY, false],
  ] as const
  for (const [untilMs, expected] of cases) assert.equal(isWaiting(untilMs, nowMs, maxWaitMs), expected, `${untilMs}`)
})
