import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { testOrigin } from '../../../testing/directory/test-directory.ts'
import { openSealer } from '../../platform/keys/sealing.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { TOTP, URI } from 'otpauth'
import { createPasswordThrottle } from './password-throttle.ts'
import { prepareGeneratedPassword } from './passwords.ts'
import { createCredentials } from '../credentials.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'
import { leastMilliseconds } from '../../../testing/platform/test-patience.ts'

const password = 'a long password'
const name = 'alice@contoso.example'
const home = '198.51.100.7'
const minuteMs = 60_000

type FailureTable = { password_failure: { bucket: number; failures: number; since_ms: number } }

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const opened = await openTestCredentials(kind)
  t.after(opened.dispose)
  const check = async (fields: { name?: string; password?: string; from?: string } = {}) => {
    const claim = { userPrincipalName: fields.name ?? name, password: fields.password ?? password }
    const result = await opened.credentials.checkPassword({ ...claim, remoteAddress: fields.from ?? home })
    return result.outcome === 'verified' ? 'verified' : result.reason
  }
  return { ...opened, check }
}

for (const kind of usualDatabaseKinds) {
  test(`a correct password is accepted, in any case of the name; a wrong password and an unknown name get the same result (${kind})`, async (t) => {
    const { check, credentials, alice } = await open(t, kind)
    assert.equal(await check({ name: 'ALICE@Contoso.example' }), 'verified')
    assert.equal(await check({ password: 'another long password' }), 'wrong')
    assert.equal(await check({ name: 'nobody@contoso.example' }), 'wrong')
    for (const odd of ['', '\0', '\ud800', 'x'.repeat(100_000)]) assert.equal(await check({ name: odd }), 'wrong')
    assert.equal(await check({ password: '' }), 'wrong')
    const result = await credentials.checkPassword({ userPrincipalName: name, password, remoteAddress: home })
    assert.deepEqual(result, {
      outcome: 'verified',
      user: alice,
      methods: ['pwd'],
      mustChangePassword: false,
      secondFactors: { totp: false, passkeys: 0, recoveryCodes: 0 },
      secondFactorRequired: false,
      enrolmentRequired: false,
    })
  })

  test(`a user without a password cannot sign in with one, not even with an empty one (${kind})`, async (t) => {
    const { check, database, directory } = await open(t, kind)
    const external = { userPrincipalName: 'ext@contoso.example', displayName: 'Ext', external: true }
    await database.transaction((tx) => directory.createUser(tx, { ...external, password: undefined }))
    assert.equal(await check({ name: 'ext@contoso.example', password: '' }), 'wrong')
    assert.equal(await check({ name: 'ext@contoso.example' }), 'wrong')
  })

  test(`unknown senders cannot lock a user out of a known network (${kind})`, async (t) => {
    const { check, database, time } = await open(t, kind)
    assert.equal(await check(), 'verified')
    assert.equal(await check({ password: 'a wrong password', from: '203.0.113.1' }), 'wrong')
    // As if 100 senders had guessed within the hour.
    await database.transaction((tx) =>
      tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 100 }).execute(),
    )
    assert.equal(await check({ from: '203.0.113.98', password: 'a wrong password' }), 'code-needed')
    assert.equal(await check({ from: '203.0.113.99' }), 'code-needed')
    assert.equal(await check(), 'verified')
    assert.equal(await check({ from: '198.18.7.1', password: 'a wrong password' }), 'wrong')
    assert.equal(await check({ from: '198.18.7.2' }), 'verified', 'a neighbourhood without many guesses')
    time.nowMs += 61 * minuteMs
    assert.equal(await check({ from: '203.0.113.99' }), 'verified')
  })
}

test('guesses for one name from one network are limited to ten, and one more per minute', async (t) => {
  const { check, time } = await open(t)
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await check({ password: `guess number ${guess}` }), 'wrong')
  assert.equal(await check({ password: 'guess number 10' }), 'throttled')
  assert.equal(await check(), 'throttled')
  assert.equal(await check({ from: '198.51.100.8' }), 'verified')
  time.nowMs += minuteMs
  assert.equal(await check(), 'verified')
  // A success resets the limit.
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await check({ password: `guess number ${guess}` }), 'wrong')
})

test('guesses at several processes are limited together, and a success resets the limit for all', async (t) => {
  const { check, database, clock, directory, time } = await open(t)
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-credentials-'))
  t.after(() => rm(keyDirectory, { recursive: true }))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const other = createCredentials({ database, clock, directory, sealer, publicOrigin: testOrigin })
  const checkThere = async (guess: string) => {
    const result = await other.checkPassword({ userPrincipalName: name, password: guess, remoteAddress: home })
    return result.outcome === 'verified' ? 'verified' : result.reason
  }
  for (let guess = 0; guess < 5; guess += 1) {
    assert.equal(await check({ password: `guess number ${guess}` }), 'wrong')
    assert.equal(await checkThere(`another guess ${guess}`), 'wrong')
  }
  assert.equal(await check(), 'throttled')
  assert.equal(await checkThere(password), 'throttled')
  time.nowMs += minuteMs
  assert.equal(await checkThere(password), 'verified')
  for (let guess = 0; guess < 5; guess += 1) assert.equal(await check({ password: `guess number ${guess}` }), 'wrong')
})

test('the addresses of one network of IPv6 share one limit', async (t) => {
  const { check } = await open(t)
  const wrong = (host: number) => check({ password: 'a wrong password', from: `2001:db8:1:2::${host.toString(16)}` })
  for (let host = 1; host <= 10; host += 1) assert.equal(await wrong(host), 'wrong')
  assert.equal(await wrong(11), 'throttled')
})

test('concurrent guesses are counted at once, and at most eight of a sender wait at a time', async (t) => {
  // Through the connections of PostgreSQL, the guesses arrive one after the other, and a hash may end in between.
  const { check } = await open(t, 'sqlite')
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

test('correct passwords are limited too: a sender in a loop gets the time of the next attempt', async (t) => {
  const { credentials, time } = await open(t)
  const attempt = () => credentials.checkPassword({ userPrincipalName: name, password, remoteAddress: home })
  for (let at = 0; at < 60; at += 1) assert.equal((await attempt()).outcome, 'verified')
  const rejected = await attempt()
  assert.deepEqual(rejected, { outcome: 'refused', reason: 'busy', retryAfterSeconds: 1 })
  time.nowMs += 1000
  assert.equal((await attempt()).outcome, 'verified')
})

test('beyond the limit of a name, an unknown sender needs a second factor with the password, or a known browser', async (t) => {
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
  let senders = 0
  const attempt = async (fields: { password?: string; code?: string }) => {
    senders += 1
    const remoteAddress = `203.0.113.${senders}`
    const check = await credentials.checkPassword({ userPrincipalName: name, password, remoteAddress, ...fields })
    return check.outcome === 'verified' ? check.methods.join() : check.reason
  }
  assert.equal(await attempt({ password: 'a wrong password' }), 'wrong')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 100 }).execute(),
  )
  assert.equal(await attempt({}), 'code-needed')
  assert.equal(await attempt({ code: '000000' }), 'code-needed')
  assert.equal(await attempt({ code: code(), password: 'a wrong password' }), 'code-needed')
  assert.equal(await attempt({ code: code() }), 'pwd,otp,mfa')
  const [recovery = ''] = codes
  assert.equal(await attempt({ code: recovery }), 'pwd,mfa')
  assert.equal(await attempt({ code: recovery }), 'code-needed', 'each once')
  // A browser is known in any network, until the password changes.
  const elsewhere = '203.0.113.99'
  const inBrowser = async (sinceMs: number) => {
    const claim = { userPrincipalName: name, password, remoteAddress: elsewhere }
    const check = await credentials.checkPassword({ ...claim, browserKnownSinceMs: () => sinceMs })
    return check.outcome === 'verified' ? 'verified' : check.reason
  }
  assert.equal(await inBrowser(time.nowMs - 120_000), 'code-needed', 'before the password was set')
  assert.equal(await inBrowser(time.nowMs - 1000), 'verified')
  assert.equal(await inBrowser(time.nowMs + 1000 - 91 * 24 * 60 * minuteMs), 'code-needed')
})

test('wrong codes of an unknown sender are counted with the correct password only', async (t) => {
  const { credentials, directory, database, alice, time } = await open(t)
  const { secondFactors } = credentials
  const app = await database.transaction((tx) => secondFactors.enrolTotp(tx, { ...alice, issuer: 'Contoso' }))
  const totp = URI.parse(app?.uri ?? '')
  assert.ok(totp instanceof TOTP)
  const code = () => totp.generate({ timestamp: time.nowMs })
  assert.ok(await database.transaction((tx) => secondFactors.confirmTotp(tx, alice.objectId, code())))
  time.nowMs += minuteMs
  let senders = 0
  const attempt = async (fields: { password?: string; code: string }) => {
    senders += 1
    const remoteAddress = `203.0.113.${senders}`
    const check = await credentials.checkPassword({ userPrincipalName: name, password, remoteAddress, ...fields })
    return check.outcome === 'verified' ? check.methods.join() : check.reason
  }
  assert.equal(await attempt({ password: 'a wrong password', code: '000000' }), 'wrong')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 100 }).execute(),
  )
  for (let guess = 0; guess < 10; guess += 1) {
    assert.equal(await attempt({ password: 'a wrong password', code: '000000' }), 'code-needed')
  }
  assert.equal(await attempt({ code: code() }), 'pwd,otp,mfa')
  time.nowMs += minuteMs
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await attempt({ code: 'abcdef' }), 'code-needed')
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await attempt({ code: '000000' }), 'code-needed')
  assert.equal(await attempt({ code: code() }), 'code-needed', 'at most ten wrong codes of unknown senders per hour')
  const details = (await credentials.securityEvents.list(alice.objectId)).map(({ detail }) => detail)
  assert.ok(details.includes('wrong-code'), details.join())
  const bob = { userPrincipalName: 'bob@contoso.example', displayName: 'Bob', directoryRole: 'owner' } as const
  await database.transaction(async (tx) => {
    await directory.createUser(tx, { ...bob, password })
    await directory.people.updateUser(tx, alice.objectId, { enabled: false })
  })
  assert.equal(
    await attempt({ code: '000000' }),
    'code-needed',
    'the result does not reveal that the password of a disabled user is correct',
  )
})

test('after 1,000 guesses per hour for a name, unknown senders everywhere need a second factor', async (t) => {
  const { check, database } = await open(t)
  assert.equal(await check({ password: 'a wrong password', from: '203.0.113.1' }), 'wrong')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 1000 }).execute(),
  )
  assert.equal(await check({ from: '198.18.7.2' }), 'code-needed')
})

test('the correct generated password is always accepted, and a wrong one counts as a guess', async (t) => {
  const { check, database, directory } = await open(t)
  const first = { userPrincipalName: 'first@contoso.example', displayName: 'First' }
  const generated = 'Pgenerated-of-many-random-bits'
  await database.transaction((tx) =>
    directory.createUser(tx, { ...first, password: prepareGeneratedPassword(generated) }),
  )
  const user = { name: first.userPrincipalName }
  for (let guess = 0; guess < 10; guess += 1)
    assert.equal(await check({ ...user, password: `guess ${guess}` }), 'wrong')
  assert.equal(await check({ ...user, password: 'guess' }), 'throttled')
  await database.transaction((tx) =>
    tx.tables<FailureTable>().updateTable('password_failure').set({ failures: 1_000_000 }).execute(),
  )
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => check({ ...user, password: generated })))
  assert.deepEqual(new Set(outcomes), new Set(['verified']))
})

test('a password reset deletes the known networks', async (t) => {
  const { check, database, credentials, alice } = await open(t)
  assert.equal(await check(), 'verified')
  const known = () => credentials.isKnownPlace(alice.objectId, { remoteAddress: home })
  assert.equal(await known(), true)
  const prepared = await credentials.prepareInitialPassword(name, 'seven brass kettles')
  const reset = { mustChange: false, origin: { remoteAddress: '198.51.100.7', userAgent: undefined } }
  await database.transaction((tx) => credentials.resetPassword(tx, alice.objectId, prepared, reset))
  assert.equal(await known(), false)
  const events = (await credentials.securityEvents.list(alice.objectId)).map(({ kind }) => kind)
  assert.ok(events.includes('new-network'))
})

test('a password alone does not make a network known if a second factor is due', async (t) => {
  const { check, database, credentials, alice } = await open(t)
  const credential = { credentialId: 'AAAA', publicKey: new Uint8Array(1), counter: 0, transports: [] }
  await database.transaction((tx) =>
    credentials.secondFactors.addPasskey(tx, { ...credential, objectId: alice.objectId, displayName: 'key' }),
  )
  assert.equal(await check(), 'verified')
  assert.equal(await credentials.isKnownPlace(alice.objectId, { remoteAddress: home }), false)
})

test('failed sign-ins are listed for the user', async (t) => {
  const { check, credentials, alice } = await open(t)
  await check({ password: 'a wrong password', from: '203.0.113.1' })
  await check({ password: 'a wrong password', from: '203.0.113.1' })
  const [event] = await credentials.securityEvents.list(alice.objectId)
  assert.deepEqual(
    [event?.kind, event?.detail, event?.count, event?.remoteAddress],
    ['failed-sign-in', 'wrong-password', 2, '203.0.113.1'],
  )
})

test('the result says that a user is disabled only after the correct password', async (t) => {
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

test('an unknown name, a wrong password and a throttled attempt take equally long [fault 23]', async (t) => {
  const { check } = await open(t)
  await check({ password: 'a wrong password' })
  let senders = 0
  const checkWrong = async () => {
    senders += 1
    assert.equal(await check({ password: 'a wrong password', from: `198.51.100.${senders}` }), 'wrong')
  }
  const { wrong, unknown } = await leastMilliseconds(7, {
    wrong: checkWrong,
    unknown: async (at) => assert.equal(await check({ name: `nobody${at}@contoso.example` }), 'wrong'),
  })
  assert.ok(wrong < 2 * unknown && unknown < 2 * wrong, `${wrong} ms wrong, ${unknown} ms unknown`)

  // A throttled attempt waits as long as recent checks took, without work of the processor. The two are measured in turns.
  const eve = { name: 'eve@contoso.example', from: '203.0.113.5' }
  for (let guess = 0; guess < 12; guess += 1) await check(eve)
  const checked: number[] = []
  const waited: number[] = []
  for (let round = 0; round < 9; round += 1) {
    const began = performance.now()
    await checkWrong()
    const between = performance.now()
    assert.equal(await check(eve), 'throttled')
    checked.push(between - began)
    waited.push(performance.now() - between)
  }
  const median = waited.toSorted((one, other) => one - other)[4] ?? 0
  const says = `${checked.map(Math.round).join(', ')} ms checked, ${waited.map(Math.round).join(', ')} ms throttled`
  assert.ok(median > Math.min(...checked) / 2 && median < Math.max(...checked) * 2, says)
})

test('invented names from many networks are counted in bounded memory [fault 51]', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  let largest = 0
  for (let at = 0; at < 80_000; at += 1) {
    const network = `${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}.${at & 7}`
    const attempt = throttle.begin({ network, name: `name ${at}`, known: false })
    if (typeof attempt === 'object' && 'end' in attempt) attempt.end('rejected')
    if (at % 10_000 === 0) largest = Math.max(largest, throttle.size())
  }
  assert.ok(largest > 10_000, 'something was counted')
  assert.ok(Math.max(largest, throttle.size()) <= 40_000)
})

test('the guesses of a neighbourhood of addresses are limited together, without effect on others', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  const laneOf = (network: string) => {
    const attempt = throttle.begin({ network, name: network, known: false })
    if (typeof attempt !== 'object' || !('end' in attempt)) return attempt === 'guesses' ? 'guesses' : 'busy'
    attempt.end('rejected')
    return attempt.place.lane
  }
  const lanes = Array.from({ length: 710 }, (_, at) => laneOf(`2001:db8:1:${at.toString(16)}`))
  assert.deepEqual(
    ['ordinary', 'other', 'guesses'].map((lane) => lanes.filter((one) => one === lane).length),
    [3, 137, 570],
  )
  for (let at = 0; at < 6; at += 1) assert.equal(laneOf(`2001:db8:${at + 2}:0`), 'ordinary')
  const guess = (at: number) => laneOf(`198.51.100.${at % 250}`)
  const ofIPv4 = Array.from({ length: 2500 }, (_, at) => guess(at))
  assert.equal(ofIPv4.filter((one) => one !== 'guesses').length, 250)
  assert.equal(laneOf('198.51.100.251'), 'other', 'an address of the neighbourhood without guesses')
  assert.equal(laneOf('198.51.101.1'), 'ordinary')
})

test('attempts in flight are limited for a user, a network and a neighbourhood, but not in a known place', () => {
  const throttle = createPasswordThrottle({ now: () => 0 })
  const begin = (network: string, name: string, known = false) => throttle.begin({ network, name, known })
  const inFlight = Array.from({ length: 100 }, (_, at) => begin(`198.51.100.${at % 4}`, `name ${at}`))
  assert.equal(inFlight.filter((attempt) => typeof attempt === 'object' && 'end' in attempt).length, 32)
  assert.deepEqual(begin('198.51.100.9', 'x'), { retryAfterSeconds: 1 })
  const known = begin('198.51.100.9', 'alice', true)
  assert.ok(typeof known === 'object' && 'end' in known && known.place.lane === 'known')
  const [first] = inFlight
  assert.ok(typeof first === 'object' && 'end' in first)
  first.end('rejected')
  first.end('rejected')
  assert.ok('end' in Object(begin('198.51.100.9', 'x')))
  assert.deepEqual(begin('198.51.100.9', 'y'), { retryAfterSeconds: 1 })
})
