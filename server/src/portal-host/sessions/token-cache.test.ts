import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnsecuredJWT } from 'jose'
import { createTokenCache } from './token-cache.ts'

const startMs = Date.parse('2026-11-24T12:00:00Z')
const minuteMs = 60_000

/** A cache, and an endpoint that issues tokens with a lifetime of one hour. */
function open() {
  const clock = { nowMs: startMs, now: () => clock.nowMs }
  const state = { issued: 0 }
  const make = async (): Promise<string> => {
    state.issued += 1
    return new UnsecuredJWT({ number: state.issued }).setExpirationTime(clock.nowMs / 1000 + 3600).encode()
  }
  return { clock, state, make, cache: createTokenCache(clock) }
}

test('the portal uses a token until five minutes before its expiry', async () => {
  const { clock, state, make, cache } = open()
  const key = { idHash: 'one', name: 'arm' }
  const first = await cache.get(key, make)
  clock.nowMs = startMs + 55 * minuteMs - 1
  assert.equal(await cache.get(key, make), first)
  clock.nowMs += 1
  assert.notEqual(await cache.get(key, make), first)
  assert.equal(state.issued, 2)
})

test('the portal does not use a token for longer than its maximum age', async () => {
  const { clock, make, cache } = open()
  const key = { idHash: 'one', name: 'registry', maxAgeMs: minuteMs }
  const first = await cache.get(key, make)
  clock.nowMs += minuteMs - 1
  assert.equal(await cache.get(key, make), first)
  clock.nowMs += 1
  assert.notEqual(await cache.get(key, make), first)
})

test('a session of the portal gets neither a token of another session nor a token with another name', async () => {
  const { make, cache } = open()
  const tokens = [
    await cache.get({ idHash: 'one', name: 'arm' }, make),
    await cache.get({ idHash: 'two', name: 'arm' }, make),
    await cache.get({ idHash: 'one', name: 'graph' }, make),
  ]
  assert.equal(new Set(tokens).size, 3)
})

test('concurrent requests of the portal for a token wait for the same token, and a failure is not cached', async () => {
  const { state, make, cache } = open()
  const key = { idHash: 'one', name: 'arm' }
  await assert.rejects(cache.get(key, () => Promise.reject(new Error('unavailable'))))
  const tokens = await Promise.all([cache.get(key, make), cache.get(key, make)])
  assert.equal(new Set(tokens).size, 1)
  assert.equal(state.issued, 1)
})
