import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { type JWK, SignJWT, decodeJwt, importJWK, jwtVerify } from 'jose'
import { createKeyRing } from '../../platform/keys/key-ring.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { type TestPeople, azClientId, openTestPeople } from '../../../testing/identity/test-people.ts'
import { testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

const everything = ['arm', 'acr', 'graph', 'userinfo'] as const

async function outcome({ identity }: TestPeople, token: string): Promise<string> {
  const result = await identity.verifyAccessToken(token, everything)
  return result.ok ? result.identity.principal.kind : result.reason
}

/** Signs as the provider itself would, with whatever claims and type. */
async function signAsProvider(people: TestPeople, claims: Record<string, unknown>, typ = 'at+jwt') {
  const { database, clock, sealer } = people
  const ring = createKeyRing({
    database,
    clock,
    sealer,
    purpose: 'idp',
    algorithm: 'RS256',
    rotationMilliseconds: Number.MAX_SAFE_INTEGER,
    signatureMilliseconds: 1000,
  })
  const { kid, privateKey } = await ring.current()
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ, kid }).sign(privateKey)
}

for (const kind of testDatabaseKinds) {
  test(`a person's token names the person, the client and the sign-in (${kind})`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    const { accessToken } = await people.signIn()
    const result = await people.identity.verifyAccessToken(accessToken, ['arm'])
    assert.ok(result.ok)
    const { principal, appId, tenantId, audience, credentialId, expiresAtMs } = result.identity
    assert.deepEqual([principal.kind, principal.objectId], ['user', people.alice.objectId])
    assert.deepEqual([appId, tenantId, audience], [azClientId, testTenantId, 'arm'])
    assert.equal(expiresAtMs, people.time.nowMs + 3600_000)
    const signIn = await people.credentials.findSignIn(credentialId ?? '')
    assert.deepEqual([signIn?.clientId, signIn?.methods], [azClientId, ['pwd']])
    await people.database.transaction((transaction) => people.credentials.endSignIn(transaction, credentialId ?? ''))
    assert.equal(await outcome(people, accessToken), 'credential')
  })
}

test('fault 6: an ID token, a code or a refresh token is not accepted as an access token', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { idToken, refreshToken, accessToken } = await people.signIn()
  const code = await people.code()
  for (const text of [idToken, refreshToken, code]) assert.equal(await outcome(people, text), 'malformed')
  const claims = decodeJwt(accessToken)
  for (const typ of ['JWT', 'jwt', 'id+jwt', 'AT+JWT', 'application/at+jwt']) {
    assert.equal(await outcome(people, await signAsProvider(people, claims, typ)), 'malformed', typ)
  }
  assert.equal(await outcome(people, await signAsProvider(people, claims)), 'user')
  // Not even an ID token with the type of an access token.
  assert.equal(await outcome(people, await signAsProvider(people, decodeJwt(idToken))), 'audience')
})

test('each claim of a person is required, has one form, and must match the others', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { accessToken } = await people.signIn()
  const claims = decodeJwt(accessToken)
  const bob = await people.createUser('bob')
  const { appId, objectId } = people.client.servicePrincipal
  const withOnly = (change: Record<string, unknown>) => signAsProvider(people, { ...claims, ...change })
  for (const name of ['aud', 'iss', 'iat', 'nbf', 'exp', 'appid', 'azp', 'idtyp', 'oid', 'sub', 'tid', 'ver', 'scp']) {
    for (const value of [undefined, null, '', -1, [], {}]) {
      assert.notEqual(
        await outcome(people, await withOnly({ [name]: value })),
        'user',
        `${name} = ${JSON.stringify(value)}`,
      )
    }
  }
  // prettier-ignore
  const table = [
    { change: { oid: bob.objectId, sub: bob.objectId },   means: 'credential', why: 'another person, with this one’s sign-in' },
    { change: { oid: objectId, sub: objectId },           means: 'principal',  why: 'a program that says it is a person' },
    { change: { idtyp: 'app' },                           means: 'principal',  why: 'a person who says to be a program' },
    { change: { appid: randomUUID() },                    means: 'claims',     why: 'two clients' },
    { change: { appid: testTenantId, azp: testTenantId }, means: 'credential', why: 'a client that is no more' },
    { change: { acrux_cred: randomUUID() },               means: 'credential', why: 'no such sign-in' },
    { change: { acrux_cred: 'x' },                        means: 'credential', why: 'no sign-in at all' },
    { change: { oid: randomUUID() },                      means: 'claims',     why: 'sub and oid differ' },
    { change: { tid: randomUUID() },                      means: 'claims',     why: 'another tenant' },
    { change: { iss: `${testOrigin}/${testTenantId}/` },  means: 'issuer',     why: 'the issuer of another version' },
  ]
  for (const { change, means, why } of table) assert.equal(await outcome(people, await withOnly(change)), means, why)
  const program = await people.token()
  const swapped = { ...decodeJwt(program), idtyp: 'user', scp: 'user_impersonation' }
  assert.equal(await outcome(people, await signAsProvider(people, swapped)), 'principal', `${appId} as a person`)
})

test('fault 15: access and ID tokens of a person expire after an hour and the clock skew', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { accessToken, idToken } = await people.signIn()
  const { keys } = (await (await people.get('/common/discovery/keys')).json()) as { keys: JWK[] }
  const key = await importJWK(keys[0] ?? {}, 'RS256')
  const idTokenHolds = async () => {
    const options = { audience: azClientId, issuer: `${testOrigin}/${testTenantId}/v2.0` }
    const currentDate = new Date(people.time.nowMs)
    return jwtVerify(idToken, key, { ...options, currentDate }).then(
      () => true,
      () => false,
    )
  }
  const startMs = people.time.nowMs
  people.time.nowMs = startMs + 3600_000 - 1000
  assert.deepEqual([await outcome(people, accessToken), await idTokenHolds()], ['user', true])
  people.time.nowMs = startMs + 3600_000
  assert.deepEqual([await outcome(people, accessToken), await idTokenHolds()], ['user', false])
  people.time.nowMs = startMs + 3600_000 + 29_999
  assert.equal(await outcome(people, accessToken), 'user')
  people.time.nowMs = startMs + 3600_000 + 30_000
  assert.equal(await outcome(people, accessToken), 'expired')
})

test('a person’s token for one audience is denied at every other', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { refreshToken } = await people.signIn()
  // prettier-ignore
  const table = [
    { scope: 'https://management.core.windows.net//.default openid', audience: 'arm' },
    { scope: 'https://containerregistry.azure.net/.default openid',  audience: 'acr' },
    { scope: `${testOrigin}/graph//.default openid`,                 audience: 'graph' },
    { scope: 'openid profile',                                       audience: 'userinfo' },
  ] as const
  for (const { scope, audience } of table) {
    const { access_token = '' } = await people.refresh(refreshToken, { scope })
    for (const wanted of everything) {
      const result = await people.identity.verifyAccessToken(access_token, [wanted])
      assert.equal(result.ok, wanted === audience, `${scope} for ${wanted}`)
    }
  }
})
