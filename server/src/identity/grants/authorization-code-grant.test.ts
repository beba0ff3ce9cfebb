import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { azClientId, openTestPeople, testRedirectUri, testScope } from '../../../testing/identity/test-people.ts'
import { armScope, presentedIn, testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

for (const kind of testDatabaseKinds) {
  test(`of ten parallel redemptions of one code, one succeeds (${kind}) [RFC 6749 §4.1.2]`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    const code = await people.code()
    const answers = await Promise.all(Array.from({ length: 10 }, () => people.redeem(code)))
    const succeeded = answers.filter(({ status }) => status === 200)
    assert.equal(succeeded.length, 1)
    // Already redeemed, or so late that the replay revoked the sign-in.
    const lost = answers.filter(({ status }) => status !== 200).map(({ error_codes }) => error_codes?.[0] ?? 0)
    assert.ok(lost.every((code) => [54005, 50173].includes(code)) && lost.length === 9, lost.join(' '))
    // The nine were replays, which revoked the tokens of the first.
    const token = succeeded[0]?.access_token ?? ''
    const verified = await people.identity.verifyAccessToken(token, ['arm'])
    const owner = { kind: 'user', objectId: people.alice.objectId, credentialId: decodeJwt(token)['acrux_cred'] }
    assert.deepEqual(verified, { ok: false, reason: 'credential', owner, presented: presentedIn(token) })
    assert.deepEqual((await people.refresh(succeeded[0]?.refresh_token)).error_codes, [50173])
  })

  test(`a sign-in in a browser issues the tokens that az needs (${kind}) [az-cli-wire 3.5]`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    const answer = await people.redeem(await people.code(), {}, 'organizations')
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.equal(answer.scope, testScope)
    const info = JSON.parse(Buffer.from(answer.client_info ?? '', 'base64url').toString()) as object
    assert.deepEqual(info, { uid: people.alice.objectId, utid: testTenantId })

    const now = people.time.nowMs / 1000
    const person = {
      amr: ['pwd'],
      auth_time: now,
      iat: now,
      // The issuer is the home tenant's, although the sign-in was at "organizations".
      iss: `${testOrigin}/${testTenantId}/v2.0`,
      name: 'alice',
      nbf: now,
      oid: people.alice.objectId,
      preferred_username: 'alice@contoso.example',
      sub: people.alice.objectId,
      tid: testTenantId,
      unique_name: 'alice@contoso.example',
      upn: 'alice@contoso.example',
      ver: '2.0',
      exp: now + 3600,
    }
    const { uti: _idUti, ...idClaims } = decodeJwt(answer.id_token ?? '')
    assert.deepEqual(idClaims, { ...person, aud: azClientId, nonce: 'ffec67' })
    const { uti: _uti, acrux_cred, acrux_cred_kind, acrux_cred_exp, ...claims } = decodeJwt(answer.access_token ?? '')
    assert.deepEqual(claims, {
      ...person,
      acr: '1',
      appid: azClientId,
      appidacr: '0',
      aud: 'https://management.core.windows.net/',
      azp: azClientId,
      azpacr: '0',
      idtyp: 'user',
      scp: 'user_impersonation',
    })
    assert.equal(acrux_cred_kind, 'sign-in')
    assert.equal(acrux_cred_exp, now + 90 * 24 * 3600)
    assert.equal(
      await people.credentials.credentialStands(people.alice.objectId, { kind: 'sign-in', id: String(acrux_cred) }),
      true,
    )
    assert.equal(decodeProtectedHeader(answer.access_token ?? '').typ, 'at+jwt')
    assert.equal(decodeProtectedHeader(answer.id_token ?? '').typ, 'JWT')
  })
}

// prettier-ignore
const rejections = [
  { change: { code_verifier: 'x'.repeat(43) },                 code: 501481,  why: 'a wrong verifier' },
  { change: { code_verifier: undefined },                      code: 501481,  why: 'no verifier' },
  { change: { code_verifier: '' },                             code: 501481,  why: 'an empty verifier' },
  { change: { redirect_uri: 'http://localhost:36806' },        code: 500112,  why: 'another redirect URI' },
  { change: { redirect_uri: `${testRedirectUri}/` },           code: 500112,  why: 'another spelling of it' },
  { change: { redirect_uri: undefined },                       code: 500112,  why: 'no redirect URI' },
  { change: { client_id: '1950a258-227b-4e31-a9cf-717495945fc2' }, code: 700005, why: 'another client' },
] as const

test('a wrong verifier, redirect URI or client uses the code up', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  for (const { change, code, why } of rejections) {
    const text = await people.code()
    const rejected = await people.redeem(text, change)
    assert.deepEqual([rejected.status, rejected.error, rejected.error_codes], [400, 'invalid_grant', [code]], why)
    const left = await people.credentials.signInsOf(people.alice.objectId)
    assert.deepEqual(
      left.map(({ clientId }) => clientId),
      ['acrux-pages'],
      why,
    )
    const again = await people.redeem(text)
    assert.deepEqual([again.status, again.error_codes], [400, [54005]], why)
  }
})

test('a verifier that is too short is denied, even if it matches [RFC 7636 §4.1]', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  for (const verifier of ['short', 'x'.repeat(42), 'x'.repeat(129), `${'x'.repeat(43)}+`]) {
    const challenge = hash('sha256', verifier, 'base64url')
    const text = await people.code({ code_challenge: challenge })
    assert.deepEqual((await people.redeem(text, { code_verifier: verifier })).error_codes, [501481], verifier)
  }
})

test('a malformed request does not use the code up', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const code = await people.code()
  for (const change of [
    { scope: 'https://vault.azure.net/.default' },
    { scope: `${armScope} https://graph.microsoft.com/.default` },
    { code: undefined },
    { client_id: undefined },
    { client_id: testTenantId },
  ]) {
    assert.equal((await people.redeem(code, change)).status, 400, JSON.stringify(change))
  }
  assert.equal((await people.redeem(code)).status, 200)
})

test('the second use of a code revokes the sign-in of the first, for any client', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const code = await people.code()
  const first = await people.redeem(code)
  const isValid = async () => (await people.identity.verifyAccessToken(first.access_token ?? '', ['arm'])).ok
  assert.equal(await isValid(), true)
  assert.deepEqual((await people.redeem(code, { code_verifier: 'x'.repeat(43) })).error_codes, [54005])
  assert.equal(await isValid(), false)
})

test('fault 15: a code expires after exactly five minutes', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const [early, late] = [await people.code(), await people.code()]
  people.time.nowMs += 300_000 - 1000
  assert.equal((await people.redeem(early)).status, 200)
  people.time.nowMs += 1000
  assert.deepEqual((await people.redeem(late)).error_codes, [50173])
})

test('a person who is disabled or signed out after the page gets no token', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const code = await people.code()
  await people.database.transaction((transaction) =>
    people.credentials.endSignInsOf(transaction, people.alice.objectId),
  )
  assert.deepEqual((await people.redeem(code)).error_codes, [50173])
})

test('codes and tokens are stored as hashes', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const code = await people.code()
  const tokens = await people.redeem(await people.code())
  const rows = await people.database.tables<{ handle: object }>().selectFrom('handle').selectAll().execute()
  assert.ok(rows.length >= 3)
  const stored = JSON.stringify(rows) + people.logLines.join('')
  for (const secret of [code, tokens.refresh_token ?? '', people.verifier]) {
    assert.ok(secret.length > 40)
    assert.ok(!stored.includes(secret) && !stored.includes(secret.slice(9)))
  }
})

test('a sign-in with a password only gets no code if a second factor is set up', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { objectId } = people.alice
  const { TOTP } = await import('otpauth')
  const totp = await people.database.transaction((transaction) =>
    people.credentials.secondFactors.enrolTotp(transaction, { ...people.alice, issuer: 'Acrux' }),
  )
  const code = new TOTP({ secret: totp?.secretBase32 ?? '' }).generate({ timestamp: people.time.nowMs })
  const confirmed = await people.database.transaction((transaction) =>
    people.credentials.secondFactors.confirmTotp(transaction, objectId, code),
  )
  assert.equal(confirmed, true)
  await assert.rejects(people.code(), { message: /AADSTS50076/ })
  const person = { ...people.signedIn(), methods: ['pwd', 'otp', 'mfa'] }
  const answer = await people.redeem(await people.code({}, person))
  assert.deepEqual(decodeJwt(answer.id_token ?? '')['amr'], ['pwd', 'otp', 'mfa'])
})
