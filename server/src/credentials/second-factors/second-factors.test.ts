import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TOTP, URI } from 'otpauth'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'

const minuteMs = 60_000

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const opened = await openTestCredentials(kind)
  t.after(opened.dispose)
  const { database, credentials, alice, time } = opened
  const factors = credentials.secondFactors
  const { objectId, userPrincipalName } = alice
  const enrol = () =>
    database.transaction((tx) => factors.enrolTotp(tx, { objectId, userPrincipalName, issuer: 'Contoso & Co' }))
  const enrolled = async () => {
    const made = await enrol()
    assert.ok(made !== undefined)
    const app = URI.parse(made.uri)
    assert.ok(app instanceof TOTP)
    const code = (offsetMs = 0) => app.generate({ timestamp: time.nowMs + offsetMs })
    const confirm = (text: string) => database.transaction((tx) => factors.confirmTotp(tx, objectId, text))
    return { ...made, app, code, confirm }
  }
  const checkTotp = (text: string, known = false) => {
    const origin = { remoteAddress: known ? '198.51.100.7' : '203.0.113.1', userAgent: undefined }
    return factors.checkTotp(objectId, text, { known, origin })
  }
  return { ...opened, factors, objectId, enrol, enrolled, checkTotp }
}

for (const kind of usualDatabaseKinds) {
  test(`an authenticator app is set up with one of its codes, and each code is accepted once (${kind})`, async (t) => {
    const { factors, objectId, enrolled, enrol, time, checkTotp } = await open(t, kind)
    const { app, secretBase32, code, confirm } = await enrolled()
    assert.equal(app.issuer, 'Contoso & Co')
    assert.equal(app.label, 'Alice@contoso.example')
    assert.equal(app.secret.base32, secretBase32)
    assert.equal(await checkTotp(code()), 'wrong', 'the app is not confirmed yet')
    assert.equal((await factors.of(objectId)).totp, false)
    assert.equal(await confirm('000000' === code() ? '111111' : '000000'), false)
    assert.equal(await confirm(code()), true)
    assert.equal((await factors.of(objectId)).totp, true)
    assert.equal(await checkTotp(code()), 'wrong', 'the code that confirmed the app is used')
    time.nowMs += minuteMs
    const later = code()
    assert.equal(await checkTotp(` ${later.slice(0, 3)} ${later.slice(3)} `), 'verified')
    assert.equal(await checkTotp(later), 'wrong')
    assert.equal(await checkTotp(code(-30_000)), 'wrong', 'a code older than the last one')
    assert.equal(await enrol(), undefined, 'the user has an app already')
  })

  test(`of ten concurrent uses of one code, one succeeds (${kind})`, async (t) => {
    const { enrolled, time, checkTotp } = await open(t, kind)
    const { code, confirm } = await enrolled()
    await confirm(code())
    time.nowMs += minuteMs
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => checkTotp(code())))
    assert.equal(outcomes.filter((outcome) => outcome === 'verified').length, 1)
  })

  test(`each recovery code is accepted once, and new ones replace the old (${kind})`, async (t) => {
    const { factors, objectId, database, alice, directory } = await open(t, kind)
    const codes = await database.transaction((tx) => factors.newRecoveryCodes(tx, objectId))
    assert.equal(new Set(codes).size, 10)
    // 24 of 31 characters are 118 bits: with less than 112, a fast hash would not be enough.
    for (const code of codes) assert.match(code, /^(?:[2-9a-hjkmnp-z]{4}-){5}[2-9a-hjkmnp-z]{4}$/)
    const [first = '', second = '', third = ''] = codes
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => factors.useRecoveryCode(objectId, first)))
    assert.equal(outcomes.filter(Boolean).length, 1)
    assert.equal(await factors.useRecoveryCode(objectId, second.toUpperCase().replaceAll('-', ' ')), true)
    assert.equal((await factors.of(objectId)).recoveryCodes, 8)
    const other = { userPrincipalName: 'bob@contoso.example', displayName: 'Bob', password: undefined }
    const bob = await database.transaction((tx) => directory.createUser(tx, other))
    assert.equal(await factors.useRecoveryCode(bob.objectId, third), false, 'the codes of another person')
    await database.transaction((tx) => factors.newRecoveryCodes(tx, alice.objectId))
    assert.equal(await factors.useRecoveryCode(objectId, third), false)
  })

  test(`passkeys are stored byte for byte, each credential once, with a counter that only increases (${kind})`, async (t) => {
    const { factors, objectId, database } = await open(t, kind)
    const publicKey = Uint8Array.from({ length: 77 }, (_, at) => at)
    const key = {
      objectId,
      credentialId: 'c-1',
      publicKey,
      counter: 3,
      transports: ['usb', 'nfc'],
      displayName: 'blue',
    }
    const made = await database.transaction((tx) => factors.addPasskey(tx, key))
    assert.ok(made !== undefined)
    assert.equal(await database.transaction((tx) => factors.addPasskey(tx, key)), undefined)
    const found = await factors.findPasskey('c-1')
    assert.deepEqual(Uint8Array.from(found?.publicKey ?? []), publicKey)
    assert.deepEqual(found?.transports, ['usb', 'nfc'])
    const use = (id: string, counter: number) => database.transaction((tx) => factors.usePasskey(tx, id, counter))
    assert.equal(await use(made.id, 4), true)
    assert.equal(await use(made.id, 4), false)
    assert.equal(await use(made.id, 0), false)
    const silent = { ...key, credentialId: 'c-2', counter: 0, transports: [] }
    const second = await database.transaction((tx) => factors.addPasskey(tx, silent))
    assert.equal(await use(second?.id ?? '', 0), true, 'an authenticator without a counter')
    assert.equal((await factors.passkeysOf(objectId)).length, 2)
  })
}

test('fault 15: a code is accepted in its own 30 seconds, the 30 before and the 30 after [RFC 6238 §5.2]', async (t) => {
  const { enrolled, time, checkTotp } = await open(t)
  const { code, confirm } = await enrolled()
  await confirm(code())
  const stepMs = 30_000
  // prettier-ignore
  const cases: readonly (readonly [atMs: number, outcome: string, why: string])[] = [
    [-stepMs - 1,     'wrong',  'two steps too early'],
    [2 * stepMs,      'wrong',  'two steps too late'],
    [2 * stepMs - 1,  'verified', 'the last millisecond of the next step'],
    [-stepMs,         'verified', 'the first millisecond of the previous step'],
    [stepMs - 1,      'verified', 'the last millisecond of its own step'],
  ]
  for (const [atMs, outcome, why] of cases) {
    const startMs = Math.ceil(time.nowMs / stepMs) * stepMs + 10 * stepMs
    time.nowMs = startMs
    const shown = code()
    time.nowMs = startMs + atMs
    assert.equal(await checkTotp(shown), outcome, why)
    time.nowMs = startMs + 2 * stepMs
  }
})

test('wrong codes are throttled for the user, who can use a recovery code', async (t) => {
  const { factors, objectId, enrolled, database, time, checkTotp } = await open(t)
  const { code, confirm } = await enrolled()
  await confirm(code())
  const [recovery = ''] = await database.transaction((tx) => factors.newRecoveryCodes(tx, objectId))
  time.nowMs += minuteMs
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await checkTotp('x'), 'wrong')
  assert.equal(await checkTotp(code()), 'throttled')
  assert.equal(await factors.useRecoveryCode(objectId, recovery), true)
  time.nowMs += 60 * minuteMs
  assert.equal(await checkTotp(code()), 'verified')
})

test('wrong codes under a clock that was ahead throttle nothing when it is corrected', async (t) => {
  const { enrolled, time, checkTotp } = await open(t)
  const { code, confirm } = await enrolled()
  await confirm(code())
  time.nowMs += 24 * 60 * minuteMs
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await checkTotp('x'), 'wrong')
  assert.equal(await checkTotp(code()), 'throttled')
  time.nowMs -= 24 * 60 * minuteMs - minuteMs
  assert.equal(await checkTotp(code()), 'verified')
})

test('guesses of unknown senders do not throttle sign-ins from a known place', async (t) => {
  const { enrolled, time, checkTotp } = await open(t)
  const { code, confirm } = await enrolled()
  await confirm(code())
  time.nowMs += minuteMs
  for (let guess = 0; guess < 10; guess += 1) assert.equal(await checkTotp('x'), 'wrong')
  assert.equal(await checkTotp(code()), 'throttled')
  assert.equal(await checkTotp('x', true), 'wrong')
  assert.equal(await checkTotp(code(), true), 'verified')
})

test('100 wrong codes in a row close the app, and the user and the owners get a security event', async (t) => {
  const { factors, objectId, database, credentials, directory, enrolled, time, checkTotp } = await open(t)
  const other = { userPrincipalName: 'bob@contoso.example', displayName: 'Bob', password: 'x' }
  const bob = await database.transaction((tx) => directory.createUser(tx, { ...other, directoryRole: 'owner' }))
  const { code, confirm } = await enrolled()
  await confirm(code())
  const [recovery = ''] = await database.transaction((tx) => factors.newRecoveryCodes(tx, objectId))
  for (let guess = 0; guess < 99; guess += 1) {
    if (guess % 10 === 0) time.nowMs += 61 * minuteMs
    assert.equal(await checkTotp('x', guess % 2 === 0), 'wrong')
  }
  time.nowMs += 61 * minuteMs
  assert.equal(await checkTotp('x'), 'closing')
  assert.equal(await checkTotp(code(), true), 'closed', 'permanently, and for known places too')
  const unknownSender = { known: false, origin: { remoteAddress: '203.0.113.1', userAgent: undefined } }
  assert.equal(await factors.useCode(objectId, code(), unknownSender), 'wrong')
  const kinds = async (id: string) =>
    (await credentials.securityEvents.list(id)).map(({ kind, detail }) => [kind, detail])
  assert.ok((await kinds(objectId)).some(([kind, detail]) => kind === 'second-factor-closed' && detail === ''))
  assert.deepEqual(await kinds(bob.objectId), [['second-factor-closed', 'Alice@contoso.example']])
  assert.equal(await factors.useRecoveryCode(objectId, recovery), true)
  await database.transaction((tx) => factors.removeTotp(tx, objectId))
  const again = await enrolled()
  assert.equal(await again.confirm(again.code()), true)
  time.nowMs += minuteMs
  assert.equal(await checkTotp(again.code()), 'verified')
})

test('a correct code resets the count of wrong codes', async (t) => {
  const { enrolled, time, checkTotp } = await open(t)
  const { code, confirm } = await enrolled()
  await confirm(code())
  for (let round = 0; round < 3; round += 1) {
    for (let guess = 0; guess < 60; guess += 1) assert.equal(await checkTotp('x', true), 'wrong')
    time.nowMs += minuteMs
    assert.equal(await checkTotp(code(), true), 'verified')
  }
})

test('the secret of an app is sealed, and recovery codes are hashed', async (t) => {
  const { enrolled, database, factors, objectId } = await open(t)
  const { app } = await enrolled()
  const codes = await database.transaction((tx) => factors.newRecoveryCodes(tx, objectId))
  type Tables = { totp: { sealed_secret: Uint8Array }; recovery_code: { code_hash: string } }
  const [row] = await database.tables<Tables>().selectFrom('totp').selectAll().execute()
  const stored = Buffer.from(row?.sealed_secret ?? [])
  assert.ok(stored.length > 20)
  assert.equal(stored.includes(Buffer.from(app.secret.bytes)), false)
  const hashes = JSON.stringify(await database.tables<Tables>().selectFrom('recovery_code').selectAll().execute())
  for (const code of codes) assert.ok(!hashes.includes(code) && !hashes.includes(code.replaceAll('-', '')))
})

test('recovery codes are deleted with the last second factor', async (t) => {
  const { factors, objectId, enrolled, database } = await open(t)
  const { code, confirm } = await enrolled()
  await confirm(code())
  const key = {
    objectId,
    credentialId: 'c',
    publicKey: new Uint8Array(1),
    counter: 0,
    transports: [],
    displayName: 'k',
  }
  const made = await database.transaction((tx) => factors.addPasskey(tx, key))
  await database.transaction((tx) => factors.newRecoveryCodes(tx, objectId))
  assert.equal(await database.transaction((tx) => factors.removeTotp(tx, objectId)), true)
  assert.equal((await factors.of(objectId)).recoveryCodes, 10)
  assert.equal(await database.transaction((tx) => factors.removePasskey(tx, objectId, made?.id ?? '')), true)
  assert.deepEqual(await factors.of(objectId), { totp: false, passkeys: 0, recoveryCodes: 0 })
})
