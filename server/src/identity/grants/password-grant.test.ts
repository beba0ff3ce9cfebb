import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { TOTP } from 'otpauth'
import type { PasswordClaim } from '../../credentials/index.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  azClientId,
  openTestPeople,
  testPassword,
  testScope,
  openBrowser,
} from '../../../testing/identity/test-people.ts'

const fields = { grant_type: 'password', client_id: azClientId, client_info: '1', scope: testScope }
const right = { ...fields, username: 'alice@contoso.example', password: testPassword }

test('the password grant is off by default', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const answer = await people.ask(right, 'organizations')
  assert.deepEqual([answer.status, answer.error_codes], [400, [70003]])
})

test('a user name and password sign a person in; an unknown name and a wrong password have the same response', async (t) => {
  const people = await openTestPeople(usualDatabaseKind, { passwordGrant: true })
  t.after(people.close)
  const answer = await people.ask(right, 'organizations')
  assert.equal(answer.status, 200)
  assert.equal(typeof answer.refresh_token, 'string')
  assert.deepEqual(decodeJwt(answer.id_token ?? '')['amr'], ['pwd'])
  const rejection = async (change: object) => {
    const { status, error, error_codes } = await people.ask({ ...right, ...change })
    return { status, error, error_codes }
  }
  const wrong = await rejection({ password: 'wrong' })
  assert.deepEqual(wrong, { status: 400, error: 'invalid_grant', error_codes: [50126] })
  assert.deepEqual(await rejection({ username: 'nobody@contoso.example' }), wrong)
  assert.deepEqual(await rejection({ username: '\u0000' }), wrong)
  for (const change of [{ username: '' }, { password: '' }]) assert.equal((await rejection(change)).status, 400)
})

test('the password grant bypasses neither a second factor nor a required password change', async (t) => {
  const people = await openTestPeople(usualDatabaseKind, { passwordGrant: true })
  t.after(people.close)
  await people.createUser('bob', { mustChangePassword: true })
  const bob = await people.ask({ ...right, username: 'bob@contoso.example' })
  assert.deepEqual([bob.status, bob.error_codes], [400, [50055]])

  const carol = await people.createUser('carol')
  const { secondFactors } = people.credentials
  const totp = await people.database.transaction((transaction) =>
    secondFactors.enrolTotp(transaction, { ...carol, issuer: 'Acrux' }),
  )
  const code = new TOTP({ secret: totp?.secretBase32 ?? '' }).generate({ timestamp: people.time.nowMs })
  await people.database.transaction((transaction) => secondFactors.confirmTotp(transaction, carol.objectId, code))
  const rejected = await people.ask({ ...right, username: 'carol@contoso.example' })
  assert.deepEqual([rejected.status, rejected.error_codes], [400, [50076]])
  const wrong = await people.ask({ ...right, username: 'carol@contoso.example', password: 'wrong' })
  assert.deepEqual(wrong.error_codes, [50126])
})

test('a page that skips the required password change gets no code', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const user = await people.createUser('bob', { mustChangePassword: true })
  const form = new URLSearchParams({ client_id: azClientId, scope: testScope }).toString()
  for (const methods of [['pwd'], ['pwd', 'otp', 'mfa']]) {
    const person = { ...people.signedIn(user), methods }
    await assert.rejects(people.code({}, person), { message: /AADSTS50055/ })
    const { user_code: code } = (await (await people.post('/organizations/oauth2/v2.0/devicecode', form)).json()) as {
      user_code: string
    }
    const accepted = people.identity.answerDeviceRequest(code, { person }, '203.0.113.7')
    await assert.rejects(accepted, { message: /AADSTS50055/ })
  }
  const byPasskey = { ...people.signedIn(user), methods: ['hwk', 'mfa'] }
  assert.match(await people.code({}, byPasskey), /^acrux_ac_/)
})

for (const kind of usualDatabaseKinds) {
  test(`a password that is reset between its check and the sign-in issues no token, code or device (${kind})`, async (t) => {
    const people = await openTestPeople(kind, { passwordGrant: true })
    t.after(people.close)
    const { database, credentials, directory, identity, alice } = people
    const prepared = await credentials.preparePassword('alice@contoso.example', 'seven brass kettles')
    const origin = { remoteAddress: '198.51.100.7', userAgent: undefined }
    const change = (user = alice) =>
      database.transaction((tx) => credentials.changePassword(tx, user, prepared, { origin }))
    const original = { ...credentials }
    Object.assign(credentials, {
      checkPassword: async (claim: PasswordClaim) => {
        const check = await original.checkPassword(claim)
        if (check.outcome === 'verified') await change()
        return check
      },
    })
    const answer = await people.ask(right, 'organizations')
    assert.deepEqual([answer.status, answer.error_codes, answer.access_token], [400, [50173], undefined])

    const form = new URLSearchParams({ client_id: azClientId, scope: testScope }).toString()
    const { user_code: code } = (await (await people.post('/organizations/oauth2/v2.0/devicecode', form)).json()) as {
      user_code: string
    }
    await assert.rejects(people.code({}, people.signedIn(alice)), { message: /AADSTS50173/ })
    const accepted = identity.answerDeviceRequest(code, { person: people.signedIn(alice) }, '203.0.113.7')
    await assert.rejects(accepted, { message: /AADSTS50173/ })
    const now = (await directory.findUser(alice.objectId)) ?? alice
    const person = people.signedIn(now)
    await database.transaction((transaction) => openBrowser(transaction, now, people.time.nowMs))
    assert.equal(await identity.answerDeviceRequest(code, { person }, '203.0.113.7'), true, 'the code was not used up')
    assert.equal((await credentials.signInsOf(alice.objectId)).length, 2)
  })
}

test('the user realm is the same for known and unknown names', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const ask = async (name: string) => {
    const response = await people.get(`/common/userrealm/${encodeURIComponent(name)}?api-version=1.0`)
    assert.equal(response.status, 200)
    return response.text()
  }
  const known = await ask('alice@contoso.example')
  assert.equal(await ask('nobody@elsewhere.example'), known)
  assert.equal((JSON.parse(known) as { account_type: string }).account_type, 'Managed')
})
