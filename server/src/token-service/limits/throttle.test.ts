import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createThrottle } from './throttle.ts'

const basic = { rid: '1'.repeat(32), sku: 'Basic', compatibility: 'oci' } as const
const premium = { rid: '2'.repeat(32), sku: 'Premium', compatibility: 'oci' } as const
function openThrottle() {
  const time = { nowMs: 0 }
  return { time, throttle: createThrottle({ now: () => time.nowMs }, 'all') }
}

/** The number of admitted requests among many at one time. */
function letThrough(spend: () => number | undefined, most = 50_000): number {
  for (let count = 0; count < most; count++) if (spend() !== undefined) return count
  return most
}

test('the requests of one minute are admitted at once, by SKU and class, half of them for one identity', () => {
  // prettier-ignore
  const cases = [
    ['read', 5_000, 10_000], ['write', 1_000, 2_000], ['delete', 500, 2_000], ['referrers', 250, 1_000],
  ] as const
  for (const [rate, onBasic, onPremium] of cases) {
    const { throttle } = openThrottle()
    assert.equal(
      letThrough(() => throttle.spend(basic, 'one', rate)),
      onBasic,
      rate,
    )
    assert.equal(
      letThrough(() => throttle.spend(basic, 'two', rate)),
      onBasic,
      rate,
    )
    assert.equal(
      letThrough(() => throttle.spend(basic, 'three', rate)),
      0,
      `${rate}: the registry has no more`,
    )
    assert.equal(
      letThrough(() => throttle.spend(premium, 'one', rate)),
      onPremium,
      rate,
    )
  }
})

test('referrers count as reads too, and classes are independent', () => {
  const { throttle } = openThrottle()
  for (let count = 0; count < 250; count++) assert.equal(throttle.spend(basic, 'one', 'referrers'), undefined)
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', 'read')),
    4_750,
  )
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', 'write')),
    1_000,
  )
})

test('the token endpoints are limited only per registry', () => {
  const { throttle } = openThrottle()
  assert.equal(
    letThrough(() => throttle.spendOauth(basic)),
    10_000,
  )
  assert.equal(
    letThrough(() => throttle.spendOauth(premium)),
    20_000,
  )
})

test('the time to wait counts down to zero, and then the refilled requests are admitted', () => {
  const { throttle, time } = openThrottle()
  letThrough(() => throttle.spend(basic, 'one', 'delete'))
  const waits: (number | undefined)[] = []
  for (time.nowMs = 0; time.nowMs <= 10_000; time.nowMs += 2_500) waits.push(throttle.spend(basic, 'one', 'delete'))
  assert.deepEqual(waits, [10, 8, 5, 3, undefined])
  time.nowMs = 10_000
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', 'delete')),
    Math.floor(500 / 6) - 1,
  )
  time.nowMs += 3_600_000
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', 'delete')),
    500,
    'never more than a minute of it',
  )
})

test('the buckets of identities are bounded, and evicted identities stay within the limit of the registry', () => {
  const { throttle } = openThrottle()
  assert.equal(
    letThrough(() => throttle.spend(premium, 'one', 'delete')),
    2_000,
  )
  let passed = 0
  for (let count = 0; count < 60_000; count++) {
    if (throttle.spend(premium, `stranger ${count}`, 'read') === undefined) passed += 1
  }
  assert.equal(passed, 20_000)
  assert.equal(throttle.spend(premium, 'one', 'delete'), undefined, 'an evicted identity starts over')
  assert.equal(
    letThrough(() => throttle.spend(premium, 'one', 'delete')),
    1_999,
  )
})
