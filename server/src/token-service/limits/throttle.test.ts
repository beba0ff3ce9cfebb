import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { createThrottle } from './throttle.ts'

const basic = { rid: '1'.repeat(32), sku: 'Basic', compatibility: 'oci' } as const
const premium = { rid: '2'.repeat(32), sku: 'Premium', compatibility: 'oci' } as const
const ask = (method: string, url: string) => ({ method, url }) as IncomingMessage
const pull = ask('GET', '/v2/a/manifests/1')
const push = ask('PUT', '/v2/a/manifests/1')
const erase = ask('DELETE', '/v2/a/manifests/1')
const referrers = ask('GET', '/v2/a/b/referrers/sha256:0?artifactType=x')

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
    [pull, 5_000, 10_000], [push, 1_000, 2_000], [erase, 500, 2_000], [referrers, 250, 1_000], [ask('HEAD', '/v2/a/blobs/x'), 5_000, 10_000],
    [ask('POST', '/v2/a/blobs/uploads/'), 1_000, 2_000], [ask('PATCH', '/acr/v1/a'), 1_000, 2_000], [ask('GET', '/acr/v1/referrers/x'), 5_000, 10_000],
  ] as const
  for (const [request, onBasic, onPremium] of cases) {
    const { throttle } = openThrottle()
    const what = `${request.method} ${request.url}`
    assert.equal(
      letThrough(() => throttle.spend(basic, 'one', request)),
      onBasic,
      what,
    )
    assert.equal(
      letThrough(() => throttle.spend(basic, 'two', request)),
      onBasic,
      what,
    )
    assert.equal(
      letThrough(() => throttle.spend(basic, 'three', request)),
      0,
      `${what}: the registry has no more`,
    )
    assert.equal(
      letThrough(() => throttle.spend(premium, 'one', request)),
      onPremium,
      what,
    )
  }
})

test('referrers count as reads too, and classes are independent', () => {
  const { throttle } = openThrottle()
  for (let count = 0; count < 250; count++) assert.equal(throttle.spend(basic, 'one', referrers), undefined)
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', pull)),
    4_750,
  )
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', push)),
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
  letThrough(() => throttle.spend(basic, 'one', erase))
  const waits: (number | undefined)[] = []
  for (time.nowMs = 0; time.nowMs <= 10_000; time.nowMs += 2_500) waits.push(throttle.spend(basic, 'one', erase))
  assert.deepEqual(waits, [10, 8, 5, 3, undefined])
  time.nowMs = 10_000
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', erase)),
    Math.floor(500 / 6) - 1,
  )
  time.nowMs += 3_600_000
  assert.equal(
    letThrough(() => throttle.spend(basic, 'one', erase)),
    500,
    'never more than a minute of it',
  )
})

test('the buckets of identities are bounded, and evicted identities stay within the limit of the registry', () => {
  const { throttle } = openThrottle()
  assert.equal(
    letThrough(() => throttle.spend(premium, 'one', erase)),
    2_000,
  )
  let passed = 0
  for (let count = 0; count < 60_000; count++) {
    if (throttle.spend(premium, `stranger ${count}`, pull) === undefined) passed += 1
  }
  assert.equal(passed, 20_000)
  assert.equal(throttle.spend(premium, 'one', erase), undefined, 'an evicted identity starts over')
  assert.equal(
    letThrough(() => throttle.spend(premium, 'one', erase)),
    1_999,
  )
})
