import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { testDatabaseKinds } from '../../platform/sql/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { createPasswordThrottle } from './password-throttle.ts'
import { openTestDirectory } from '../test-directory.ts'
import { leastMilliseconds } from '../../platform/test-patience.ts'

const password = 'a long password'
const name = 'alice@contoso.example'
const home = '198.51.100.7'
const minuteMs = 60_000

type FailureTable = { password_failure: { bucket: number; failures: number; since_ms: number } }

async function open(t: TestContext, kind: DatabaseKind = 'sqlite') {
  const opened = await openTestDirectory(kind)
  t.after(opened.dispose)
  const check = async (said: { name?: string; password?: string; from?: string } = {}) => {
    const claim = { userPrincipalName: said.name ?? name, password: said.password ?? password }
    const result = await opened.directory.checkPassword({ ...claim, remoteAddress: said.from ?? home })
    return result.outcome === 'proved' ? 'proved' : result.reason
  }
  return { ...opened, check }
}

for (const kind of testDatabaseKinds) {
  test(`a right password proves, in any case of the name; a wrong one and an unknown name are the same refusal (${kind})`, async (t) => {
    const { check, directory, alice } = await open(t, kind)
    assert.equal(await check({ name: 'ALICE@Contoso.example' }), 'proved')
    assert.equal(await check({ password: 'another long password' }), 'wrong')
    assert.equal(await check({ name: 'nobody@contoso.example' }), 'wrong')
    for (const odd of ['', '\0', '\ud800', 'x'.repeat(100_000)]) assert.equal(await check({ name: odd }), 'wrong')
    assert.equal(await check({ password: '' }), 'wrong')
    const result = await directory.checkPassword({ userPrincipalName: name, password, remoteAddress: home })
    assert.deepEqual(result, {
      outcome: 'proved',
      user: alice,
      mustChangePassword: false,
      secondFactors: { totp: false, passkeys: 0, recoveryCodes: 0 },
      secondFactorRequired: false,
    })
  })

  test(`who has no password here is proved by none, and nobody is by an empty one (${kind})`, async (t) => {
    const { check, database, directory } = await open(t, kind)
    const external = { userPrincipalName: 'ext@contoso.example', displayName: 'Ext', external: true }
    await database.transaction((tx) => directory.createUser(tx, { ...external, password: undefined }))
    assert.equal(await check({ name: 'ext@contoso.example', password: '' }), 'wrong')
    assert.equal(await check({ name: 'ext@contoso.example' }), 'wrong')
  })

  test(`strangers elsewhere cannot lock a person out of where they work (${kind})`, async (t) => {
    const { check, database, time } = await open(t, kind)
    assert.equal(await check(), 'proved')
    assert.equal(await check({ password: 'a wrong password', from: '203.0.113.1' }), 'wrong')
    // As if a hundred machines had guessed within the hour.
    await database.transaction((tx) =>
      tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 100 }).execute(),
    )
    assert.equal(await check({ from: '203.0.113.98', password: 'a wrong password' }), 'throttled')
    assert.equal(await check({ from: '203.0.113.99' }), 'throttled')
    assert.equal(await check(), 'proved')
    time.nowMs += 61 * minuteMs
    assert.equal(await check({ from: '203.0.113.99' }), 'proved')
  })
}

test('guesses for one name from one network are few, and their time is no longer than that', async (t) => {
  const { check, time } = await open(t)
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await check({ password: `guess number ${guess}` }), 'wrong')
  assert.equal(await check({ password: 'guess number 10' }), 'throttled')
  assert.equal(await check(), 'throttled')
  assert.equal(await check({ from: '198.51.100.8' }), 'proved')
  time.nowMs += minuteMs
  assert.equal(await check(), 'proved')
  // Who was proved begins anew.
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await check({ password: `guess number ${guess}` }), 'wrong')
})

test('the ten addresses of one network of IPv6 are one guesser', async (t) => {
  const { check } = await open(t)
  const wrong = (host: number) => check({ password: 'a wrong password', from: `2001:db8:1:2::${host.toString(16)}` })
  for (let host = 1; host <= 10; host += 1) assert.equal(await wrong(host), 'wrong')
  assert.equal(await wrong(11), 'throttled')
})

test('guesses made at once are counted at once', async (t) => {
  const { check } = await open(t)
  const guesses = Array.from({ length: 25 }, (_, guess) => check({ password: `guess number ${guess}` }))
  const outcomes = await Promise.all(guesses)
  assert.equal(outcomes.filter((outcome) => outcome === 'wrong').length, 10)
  assert.equal(outcomes.filter((outcome) => outcome === 'throttled').length, 15)
})

test('that somebody is disabled is told after the right password alone', async (t) => {
  const { check, database, directory } = await open(t)
  await database.transaction((tx) =>
    directory.createUser(tx, {
      userPrincipalName: 'bob@contoso.example',
      displayName: 'Bob',
      password,
      enabled: false,
    }),
  )
  assert.equal(await check({ name: 'bob@contoso.example', password: 'a wrong password' }), 'wrong')
  assert.equal(await check({ name: 'bob@contoso.example' }), 'disabled')
})

test('unknown name, wrong password and throttled take as long [fault 23]', async (t) => {
  const { check } = await open(t)
  await check({ password: 'a wrong password' })
  let strangers = 0
  const wrongly = async () => {
    strangers += 1
    assert.equal(await check({ password: 'a wrong password', from: `198.51.100.${strangers}` }), 'wrong')
  }
  const { wrong, unknown } = await leastMilliseconds(7, {
    wrong: wrongly,
    unknown: async (at) => assert.equal(await check({ name: `nobody${at}@contoso.example` }), 'wrong'),
  })
  assert.ok(wrong < 2 * unknown && unknown < 2 * wrong, `${wrong} ms wrong, ${unknown} ms unknown`)

  // Who is throttled waits without a processor's work, as long as a check took of late: by the clock, and by turns with one.
  const eve = { name: 'eve@contoso.example', from: '203.0.113.5' }
  for (let guess = 0; guess < 12; guess += 1) await check(eve)
  const checked: number[] = []
  const waited: number[] = []
  for (let round = 0; round < 9; round += 1) {
    const began = performance.now()
    await wrongly()
    const between = performance.now()
    assert.equal(await check(eve), 'throttled')
    checked.push(between - began)
    waited.push(performance.now() - between)
  }
  const median = waited.toSorted((one, other) => one - other)[4] ?? 0
  const says = `${checked.map(Math.round).join(', ')} ms checked, ${waited.map(Math.round).join(', ')} ms throttled`
  assert.ok(median > Math.min(...checked) / 2 && median < Math.max(...checked) * 2, says)
})

test('a million invented names from a million networks are counted in bounded memory [fault 51]', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  let largest = 0
  for (let at = 0; at < 1_000_000; at += 1) {
    const network = `${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}.${at & 7}`
    throttle.begin({ network, name: `name ${at}`, known: false })?.end('refused')
    if (at % 10_000 === 0) largest = Math.max(largest, throttle.size())
  }
  assert.ok(largest > 10_000, 'something was counted')
  assert.ok(Math.max(largest, throttle.size()) <= 40_000)
})

test('a flood of strangers does not fill the queue for who is known', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  const admitted = Array.from({ length: 100 }, (_, at) =>
    throttle.begin({ network: `n${at}`, name: 'x', known: false }),
  )
  assert.equal(admitted.filter((attempt) => attempt !== undefined).length, 32)
  const known = throttle.begin({ network: 'home', name: 'alice', known: true })
  assert.ok(known !== undefined)
  admitted[0]?.end('refused')
  admitted[0]?.end('refused')
  assert.ok(throttle.begin({ network: 'm1', name: 'x', known: false }) !== undefined)
  assert.equal(throttle.begin({ network: 'm2', name: 'x', known: false }), undefined)
})
