import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { usualDatabaseKind, usualDatabaseKinds } from '../../platform/sql/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { TOTP, URI } from 'otpauth'
import { createPasswordThrottle } from './password-throttle.ts'
import { prepareGeneratedPassword } from './passwords.ts'
import { openTestCredentials } from '../../credentials/test-credentials.ts'
import { leastMilliseconds } from '../../platform/process/test-patience.ts'

const password = 'a long password'
const name = 'alice@contoso.example'
const home = '198.51.100.7'
const minuteMs = 60_000

type FailureTable = { password_failure: { bucket: number; failures: number; since_ms: number } }

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const opened = await openTestCredentials(kind)
  t.after(opened.dispose)
  const check = async (said: { name?: string; password?: string; from?: string } = {}) => {
    const claim = { userPrincipalName: said.name ?? name, password: said.password ?? password }
    const result = await opened.credentials.checkPassword({ ...claim, remoteAddress: said.from ?? home })
    return result.outcome === 'proved' ? 'proved' : result.reason
  }
  return { ...opened, check }
}

for (const kind of usualDatabaseKinds) {
  test(`a right password proves, in any case of the name; a wrong one and an unknown name are the same refusal (${kind})`, async (t) => {
    const { check, credentials, alice } = await open(t, kind)
    assert.equal(await check({ name: 'ALICE@Contoso.example' }), 'proved')
    assert.equal(await check({ password: 'another long password' }), 'wrong')
    assert.equal(await check({ name: 'nobody@contoso.example' }), 'wrong')
    for (const odd of ['', '\0', '\ud800', 'x'.repeat(100_000)]) assert.equal(await check({ name: odd }), 'wrong')
    assert.equal(await check({ password: '' }), 'wrong')
    const result = await credentials.checkPassword({ userPrincipalName: name, password, remoteAddress: home })
    assert.deepEqual(result, {
      outcome: 'proved',
      user: alice,
      methods: ['pwd'],
      mustChangePassword: false,
      secondFactors: { totp: false, passkeys: 0, recoveryCodes: 0 },
      secondFactorRequired: false,
      enrolmentRequired: false,
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
    assert.equal(await check({ from: '203.0.113.98', password: 'a wrong password' }), 'code-needed')
    assert.equal(await check({ from: '203.0.113.99' }), 'code-needed')
    assert.equal(await check(), 'proved')
    assert.equal(await check({ from: '198.18.7.1', password: 'a wrong password' }), 'wrong')
    assert.equal(await check({ from: '198.18.7.2' }), 'proved', 'where few have guessed, a stranger still may')
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

test('guesses made at once are counted at once, and few of a caller wait at a time', async (t) => {
  const { check } = await open(t)
  const count = async (size: number) => {
    const guesses = Array.from({ length: size }, (_, guess) => check({ password: `guess number ${guess}` }))
    const outcomes = await Promise.all(guesses)
    return Object.fromEntries(
      ['wrong', 'busy', 'throttled'].map((one) => [one, outcomes.filter((outcome) => outcome === one).length]),
    )
  }
  assert.deepEqual(await count(25), { wrong: 8, busy: 17, throttled: 0 })
  assert.deepEqual(await count(8), { wrong: 2, busy: 0, throttled: 6 })
})

test('right passwords count as well: a caller in a loop is told when to come again', async (t) => {
  const { credentials, time } = await open(t)
  const prove = () => credentials.checkPassword({ userPrincipalName: name, password, remoteAddress: home })
  for (let at = 0; at < 60; at += 1) assert.equal((await prove()).outcome, 'proved')
  const refused = await prove()
  assert.deepEqual(refused, { outcome: 'refused', reason: 'busy', retryAfterSeconds: 1 })
  time.nowMs += 1000
  assert.equal((await prove()).outcome, 'proved')
})

test('beyond the limit of a name a stranger is let in by a second factor said with the password, or by a known browser', async (t) => {
  const { credentials, database, alice, time } = await open(t)
  const { secondFactors } = credentials
  const app = await database.transaction((tx) => secondFactors.enrolTotp(tx, { ...alice, issuer: 'Contoso' }))
  const totp = URI.parse(app?.uri ?? '')
  assert.ok(totp instanceof TOTP)
  const code = () => totp.generate({ timestamp: time.nowMs })
  const codes = await database.transaction(async (tx) => {
    assert.ok(await secondFactors.confirmTotp(tx, alice.objectId, code()))
    return secondFactors.newRecoveryCodes(tx, alice.objectId)
  })
  time.nowMs += 60_000
  let strangers = 0
  const say = async (said: { password?: string; code?: string }) => {
    strangers += 1
    const remoteAddress = `203.0.113.${strangers}`
    const check = await credentials.checkPassword({ userPrincipalName: name, password, remoteAddress, ...said })
    return check.outcome === 'proved' ? check.methods.join() : check.reason
  }
  assert.equal(await say({ password: 'a wrong password' }), 'wrong')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 100 }).execute(),
  )
  assert.equal(await say({}), 'code-needed')
  assert.equal(await say({ code: '000000' }), 'code-needed')
  assert.equal(await say({ code: code(), password: 'a wrong password' }), 'code-needed')
  assert.equal(await say({ code: code() }), 'pwd,otp,mfa')
  const [recovery = ''] = codes
  assert.equal(await say({ code: recovery }), 'pwd,mfa')
  assert.equal(await say({ code: recovery }), 'code-needed', 'each once')
  // A browser is known wherever it is, until another password is set.
  const elsewhere = '203.0.113.99'
  const inBrowser = async (sinceMs: number) => {
    const claim = { userPrincipalName: name, password, remoteAddress: elsewhere }
    const check = await credentials.checkPassword({ ...claim, browserKnownSinceMs: () => sinceMs })
    return check.outcome === 'proved' ? 'proved' : check.reason
  }
  assert.equal(await inBrowser(time.nowMs - 120_000), 'code-needed', 'from before the password was set')
  assert.equal(await inBrowser(time.nowMs - 1000), 'proved')
  assert.equal(await inBrowser(time.nowMs + 1000 - 91 * 24 * 60 * minuteMs), 'code-needed')
})

test('codes that a stranger guesses beside the right password count as everywhere, and beside a wrong one not at all', async (t) => {
  const { credentials, directory, database, alice, time } = await open(t)
  const { secondFactors } = credentials
  const app = await database.transaction((tx) => secondFactors.enrolTotp(tx, { ...alice, issuer: 'Contoso' }))
  const totp = URI.parse(app?.uri ?? '')
  assert.ok(totp instanceof TOTP)
  const code = () => totp.generate({ timestamp: time.nowMs })
  assert.ok(await database.transaction((tx) => secondFactors.confirmTotp(tx, alice.objectId, code())))
  time.nowMs += minuteMs
  let strangers = 0
  const say = async (said: { password?: string; code: string }) => {
    strangers += 1
    const remoteAddress = `203.0.113.${strangers}`
    const check = await credentials.checkPassword({ userPrincipalName: name, password, remoteAddress, ...said })
    return check.outcome === 'proved' ? check.methods.join() : check.reason
  }
  assert.equal(await say({ password: 'a wrong password', code: '000000' }), 'wrong')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 100 }).execute(),
  )
  for (let guess = 0; guess < 10; guess += 1) {
    assert.equal(await say({ password: 'a wrong password', code: '000000' }), 'code-needed')
  }
  assert.equal(await say({ code: code() }), 'pwd,otp,mfa')
  time.nowMs += minuteMs
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await say({ code: 'abcdef' }), 'code-needed')
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await say({ code: '000000' }), 'code-needed')
  assert.equal(await say({ code: code() }), 'code-needed', 'ten wrong codes of strangers an hour are all')
  const details = (await credentials.securityEvents.list(alice.objectId)).map(({ detail }) => detail)
  assert.ok(details.includes('wrong-code'), details.join())
  const bob = { userPrincipalName: 'bob@contoso.example', displayName: 'Bob', directoryRole: 'owner' } as const
  await database.transaction(async (tx) => {
    await directory.createUser(tx, { ...bob, password })
    await directory.people.updateUser(tx, alice.objectId, { enabled: false })
  })
  assert.equal(
    await say({ code: '000000' }),
    'code-needed',
    'nor does it tell that the password of a disabled one is right',
  )
})

test('a thousand guesses an hour close a name for strangers that have no second factor, wherever they are', async (t) => {
  const { check, database } = await open(t)
  assert.equal(await check({ password: 'a wrong password', from: '203.0.113.1' }), 'wrong')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 1000 }).execute(),
  )
  assert.equal(await check({ from: '198.18.7.2' }), 'code-needed')
})

test('the right generated password is let in whatever was guessed, and a wrong one is one guess of many', async (t) => {
  const { check, database, directory } = await open(t)
  const first = { userPrincipalName: 'first@contoso.example', displayName: 'First' }
  const generated = 'Pgenerated-of-many-random-bits'
  await database.transaction((tx) =>
    directory.createUser(tx, { ...first, password: prepareGeneratedPassword(generated) }),
  )
  const said = { name: first.userPrincipalName }
  for (let guess = 0; guess < 10; guess += 1)
    assert.equal(await check({ ...said, password: `guess ${guess}` }), 'wrong')
  assert.equal(await check({ ...said, password: 'guess' }), 'throttled')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 1_000_000 }).execute(),
  )
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => check({ ...said, password: generated })))
  assert.deepEqual(new Set(outcomes), new Set(['proved']))
})

test('a reset of the password forgets the networks that were known', async (t) => {
  const { check, database, credentials, alice } = await open(t)
  assert.equal(await check(), 'proved')
  const known = () => credentials.isKnownPlace(alice.objectId, { remoteAddress: home })
  assert.equal(await known(), true)
  const prepared = await credentials.prepareInitialPassword(name, 'seven brass kettles')
  const reset = { mustChange: false, origin: { remoteAddress: '198.51.100.7', userAgent: undefined } }
  await database.transaction((tx) => credentials.resetPassword(tx, alice.objectId, prepared, reset))
  assert.equal(await known(), false)
  const events = (await credentials.securityEvents.list(alice.objectId)).map(({ kind }) => kind)
  assert.ok(events.includes('new-network'))
})

test('whoever has the password of two factors makes no network a known one', async (t) => {
  const { check, database, credentials, alice } = await open(t)
  const credential = { credentialId: 'AAAA', publicKey: new Uint8Array(1), counter: 0, transports: [] }
  await database.transaction((tx) =>
    credentials.secondFactors.addPasskey(tx, { ...credential, objectId: alice.objectId, displayName: 'key' }),
  )
  assert.equal(await check(), 'proved')
  assert.equal(await credentials.isKnownPlace(alice.objectId, { remoteAddress: home }), false)
})

test('failed sign-ins are told to the person', async (t) => {
  const { check, credentials, alice } = await open(t)
  await check({ password: 'a wrong password', from: '203.0.113.1' })
  await check({ password: 'a wrong password', from: '203.0.113.1' })
  const [event] = await credentials.securityEvents.list(alice.objectId)
  assert.deepEqual(
    [event?.kind, event?.detail, event?.count, event?.remoteAddress],
    ['failed-sign-in', 'wrong-password', 2, '203.0.113.1'],
  )
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

test('invented names from as many invented networks are counted in bounded memory [fault 51]', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  let largest = 0
  for (let at = 0; at < 200_000; at += 1) {
    const network = `${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}.${at & 7}`
    const attempt = throttle.begin({ network, name: `name ${at}`, known: false })
    if (typeof attempt === 'object' && 'end' in attempt) attempt.end('refused')
    if (at % 10_000 === 0) largest = Math.max(largest, throttle.size())
  }
  assert.ok(largest > 10_000, 'something was counted')
  assert.ok(Math.max(largest, throttle.size()) <= 80_000)
})

test('a neighbourhood of addresses is bounded as a whole, and others are not', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  const letIn = (network: string) => {
    const attempt = throttle.begin({ network, name: network, known: false })
    if (typeof attempt !== 'object' || !('end' in attempt)) return attempt === 'guesses' ? 'guesses' : 'busy'
    attempt.end('refused')
    return attempt.place.lane
  }
  const lanes = Array.from({ length: 710 }, (_, at) => letIn(`2001:db8:1:${at.toString(16)}`))
  assert.deepEqual(
    ['ordinary', 'other', 'guesses'].map((lane) => lanes.filter((one) => one === lane).length),
    [3, 137, 570],
  )
  for (let at = 0; at < 6; at += 1) assert.equal(letIn(`2001:db8:${at + 2}:0`), 'ordinary')
  const guess = (at: number) => letIn(`198.51.100.${at % 250}`)
  const ofIPv4 = Array.from({ length: 2500 }, (_, at) => guess(at))
  assert.equal(ofIPv4.filter((one) => one !== 'guesses').length, 250)
  assert.equal(letIn('198.51.100.251'), 'other', 'an address of it that did not guess yet')
  assert.equal(letIn('198.51.101.1'), 'ordinary')
})

test('what is in flight is bounded for a person, a network and a neighbourhood, and a known place is not held up', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  const begin = (network: string, name: string, known = false) => throttle.begin({ network, name, known })
  const inFlight = Array.from({ length: 100 }, (_, at) => begin(`198.51.100.${at % 4}`, `name ${at}`))
  assert.equal(inFlight.filter((attempt) => typeof attempt === 'object' && 'end' in attempt).length, 32)
  assert.deepEqual(begin('198.51.100.9', 'x'), { retryAfterSeconds: 1 })
  const known = begin('198.51.100.9', 'alice', true)
  assert.ok(typeof known === 'object' && 'end' in known && known.place.lane === 'known')
  const [first] = inFlight
  assert.ok(typeof first === 'object' && 'end' in first)
  first.end('refused')
  first.end('refused')
  assert.ok('end' in Object(begin('198.51.100.9', 'x')))
  assert.deepEqual(begin('198.51.100.9', 'y'), { retryAfterSeconds: 1 })
})
