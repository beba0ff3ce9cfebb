import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { testDatabaseKinds, usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import { azClientId, openTestPeople } from '../../../testing/identity/test-people.ts'
import { testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

const dayMs = 24 * 60 * 60 * 1000

for (const kind of testDatabaseKinds) {
  test(`a refresh token stays the same and is used by several processes at once, for any resource (${kind})`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    const { refreshToken } = await people.signIn()
    const scopes = [
      ['https://management.core.windows.net//.default', 'https://management.core.windows.net/'],
      ['https://containerregistry.azure.net/.default', 'https://containerregistry.azure.net'],
      [`${testOrigin}/graph//.default`, `${testOrigin}/graph/`],
    ] as const
    const answers = await Promise.all(
      [...scopes, ...scopes].map(async ([scope, aud]) => {
        const answer = await people.refresh(refreshToken, { scope: `${scope} offline_access openid profile` })
        return { ...answer, aud }
      }),
    )
    for (const answer of answers) {
      assert.equal(answer.status, 200)
      assert.equal(answer.refresh_token, refreshToken)
      assert.equal(decodeJwt(answer.access_token ?? '').aud, answer.aud)
      assert.equal(typeof answer.id_token, 'string')
    }
  })
}

test('a refresh token expires at the maximum age of its sign-in, however often it is used', async (t) => {
  const people = await openTestPeople(usualDatabaseKind, { maxSignInDays: 100 })
  t.after(people.close)
  const { refreshToken } = await people.signIn()
  for (const days of [30, 30, 39]) {
    people.time.nowMs += days * dayMs
    assert.equal((await people.refresh(refreshToken)).status, 200)
  }
  people.time.nowMs += dayMs - 1000
  const { access_token: lastToken = '' } = await people.refresh(refreshToken)
  const { exp = 0, iat = 0 } = decodeJwt(lastToken)
  assert.ok(exp - iat <= 1, 'no token outlives the sign-in')
  people.time.nowMs += 1000
  const rejected = await people.refresh(refreshToken)
  assert.deepEqual([rejected.error, rejected.error_codes], ['invalid_grant', [70043]])
  assert.equal((await people.credentials.signInsOf(people.alice.objectId)).length, 0)
})

test('fault 15: a refresh token and its sign-in expire 90 days after the last use', async (t) => {
  const people = await openTestPeople(usualDatabaseKind, { maxSignInDays: 3650 })
  t.after(people.close)
  const { refreshToken } = await people.signIn()
  for (let use = 0; use < 3; use += 1) {
    people.time.nowMs += 89 * dayMs
    const answer = await people.refresh(refreshToken)
    assert.equal(answer.status, 200)
    assert.equal((await people.identity.verifyAccessToken(answer.access_token ?? '', ['arm'])).ok, true)
  }
  people.time.nowMs += 90 * dayMs - 1000
  assert.equal((await people.refresh(refreshToken)).status, 200)
  people.time.nowMs += 90 * dayMs
  const rejected = await people.refresh(refreshToken)
  assert.deepEqual([rejected.status, rejected.error, rejected.error_codes], [400, 'invalid_grant', [700082]])
})

test('a refresh token is bound to its client and tenant, not to a path', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { refreshToken } = await people.signIn()
  for (const tenant of ['organizations', 'common', 'contoso.example', testTenantId]) {
    assert.equal((await people.refresh(refreshToken, {}, tenant)).status, 200, tenant)
  }
  const powershell = { client_id: '1950a258-227b-4e31-a9cf-717495945fc2' }
  assert.deepEqual((await people.refresh(refreshToken, powershell)).error_codes, [700005])
  const { appId } = people.client.servicePrincipal
  const program = { client_id: appId, client_secret: people.client.secret }
  assert.deepEqual((await people.refresh(refreshToken, program)).error_codes, [700005])
  assert.equal((await people.refresh(refreshToken)).status, 200)
})

test('signing out everywhere revokes refresh and access tokens immediately', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { refreshToken, accessToken } = await people.signIn()
  const { objectId } = people.alice
  await people.database.transaction((transaction) => people.credentials.endSignInsOf(transaction, objectId))
  assert.deepEqual((await people.refresh(refreshToken)).error_codes, [50173])
  assert.equal((await people.identity.verifyAccessToken(accessToken, ['arm'])).ok, false)
})

test("a disabled person's refresh and access tokens are denied", async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { refreshToken, accessToken } = await people.signIn()
  await people.change((transaction, directory) =>
    directory.people.updateUser(transaction, people.alice.objectId, { enabled: false }),
  )
  assert.deepEqual((await people.refresh(refreshToken)).error_codes, [50057])
  assert.equal((await people.identity.verifyAccessToken(accessToken, ['arm'])).ok, false)
  await assert.rejects(people.code(), { message: /AADSTS50057/ })
})

test('a refresh token of a weaker sign-in is denied when the policy requires a second factor', async (t) => {
  const secondFactorPolicy = { required: 'none' as 'none' | 'owners' | 'all', enrolment: 'self' as const }
  const people = await openTestPeople(usualDatabaseKind, { secondFactorPolicy })
  t.after(people.close)
  const weak = await people.signIn()
  const strong = await people.signIn({ ...people.signedIn(), methods: ['pwd', 'otp', 'mfa'] })
  const codes = async () => {
    const answers = await Promise.all([weak, strong].map(({ refreshToken }) => people.refresh(refreshToken)))
    return answers.map(({ status, error_codes }) => error_codes?.[0] ?? status)
  }
  for (const required of ['none', 'owners'] as const) {
    secondFactorPolicy.required = required
    assert.deepEqual(await codes(), [200, 200], required)
  }
  secondFactorPolicy.required = 'all'
  assert.deepEqual(await codes(), [50079, 200])
})

test('a refresh token is issued only on request, and no other handle is accepted as one', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const scope = 'https://management.core.windows.net//.default openid'
  const code = await people.code({ scope })
  const answer = await people.redeem(code, { scope })
  assert.equal(answer.status, 200)
  assert.equal(answer.refresh_token, undefined)
  const { refreshToken } = await people.signIn()
  const other = await people.code()
  for (const text of [other, answer.access_token, answer.id_token, 'x', `${refreshToken}x`, 'x'.repeat(5000)]) {
    assert.deepEqual((await people.refresh(text)).error_codes, [70000])
  }
  assert.deepEqual((await people.redeem(refreshToken)).error_codes, [70000])
})

test('version 1 has a resource instead of scopes, and numbers as strings', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { refreshToken } = await people.signIn()
  const form = { grant_type: 'refresh_token', client_id: azClientId, refresh_token: refreshToken }
  const ask = async (change: Record<string, string>) => {
    const body = new URLSearchParams({ ...form, ...change }).toString()
    const response = await people.post(`/${testTenantId}/oauth2/token`, body)
    return (await response.json()) as Record<string, unknown>
  }
  const resource = 'https://management.azure.com/'
  const answer = await ask({ resource })
  assert.partialDeepStrictEqual(answer, { resource, scope: 'user_impersonation', expires_in: '3599' })
  const { aud, iss, ver } = decodeJwt(String(answer['access_token']))
  assert.deepEqual([aud, iss, ver], [resource, `${testOrigin}/${testTenantId}/`, '1.0'])
  assert.equal(decodeJwt(String(answer['id_token'])).iss, `${testOrigin}/${testTenantId}/`)
  assert.equal((await people.identity.verifyAccessToken(String(answer['access_token']), ['arm'])).ok, true)
  assert.deepEqual((await ask({ resource: `${testOrigin}/oidc/userinfo` }))['error_codes'], [500011])
})
