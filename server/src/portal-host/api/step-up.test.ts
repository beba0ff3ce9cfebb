import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshMs, needsStepUp } from './step-up.ts'

test('a person with a second factor must authenticate again if the last authentication was ten minutes ago', async () => {
  const check = (authenticatedAtMs: number, hasFactor: boolean) =>
    needsStepUp(
      { clock: { now: () => 1_000_000_000 }, signIns: { hasSecondFactor: () => Promise.resolve(hasFactor) } },
      { objectId: 'x', authenticatedAtMs },
    )
  assert.equal(await check(1_000_000_000 - freshMs, true), true)
  assert.equal(await check(0, true), true)
  assert.equal(await check(1_000_000_000 - freshMs + 1, true), false)
  assert.equal(await check(0, false), false)
})
