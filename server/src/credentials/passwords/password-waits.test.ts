import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'

const password = 'a long password'
const userPrincipalName = 'alice@contoso.example'
const home = '198.51.100.7'
const minuteMs = 60_000

type GuessTable = { password_guess: { key: string; whole_at_ms: number } }
type FailureTable = { password_failure: { bucket: number; failures: number; since_ms: number } }

async function open(t: TestContext) {
  const opened = await openTestCredentials()
  t.after(opened.dispose)
  const check = async ({ password: claimed = password, from = home } = {}) => {
    const claim = { userPrincipalName, password: claimed, remoteAddress: from }
    const result = await opened.credentials.checkPassword(claim)
    return result.outcome === 'verified' ? 'verified' : result.reason
  }
  return { ...opened, check }
}

test('wrong passwords that were counted while the clock was ahead deny nothing after the clock is corrected', async (t) => {
  for (const aheadMs of [12 * 60 * minuteMs, 24 * 60 * minuteMs, 400 * 24 * 60 * minuteMs]) {
    const { check, time, database } = await open(t)
    time.nowMs += aheadMs
    for (let guess = 0; guess < 11; guess += 1) await check({ password: `guess number ${guess}` })
    await check({ password: 'a wrong password', from: '203.0.113.1' })
    await database.transaction((tx) =>
      tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 100 }).execute(),
    )
    time.nowMs -= aheadMs
    assert.equal(await check({ from: '198.51.100.8' }), 'verified', 'the same name, in the same neighbourhood')
    assert.equal(await check({ password: 'a wrong password', from: '203.0.113.1' }), 'wrong')
    assert.equal(await check({ from: '203.0.113.1' }), 'verified')
    const rows = database.tables<GuessTable>().selectFrom('password_guess')
    const { last } = await rows
      .select((row) => row.fn.max<number>('whole_at_ms').as('last'))
      .where('whole_at_ms', '<', time.nowMs + aheadMs / 2)
      .executeTakeFirstOrThrow()
    assert.ok(last > time.nowMs, 'new guesses are counted')
    // The limits are the same as before.
    for (let guess = 0; guess < 10; guess += 1) await check({ password: `guess ${guess}`, from: '192.0.2.1' })
    assert.equal(await check({ from: '192.0.2.1' }), 'throttled')
  }
})

test('after guesses at several processes, a network is denied only for a limited time', async (t) => {
  const { check, time, database } = await open(t)
  await check({ password: 'a wrong password' })
  for (const fullAtMs of [time.nowMs + 20 * minuteMs, time.nowMs + 24 * 60 * minuteMs]) {
    await database.transaction((tx) =>
      tx.tables<GuessTable>().updateTable('password_guess').set({ whole_at_ms: fullAtMs }).execute(),
    )
    time.nowMs += 25 * minuteMs
    assert.equal(await check(), 'verified')
  }
})
