import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { ApplicationSignInChange } from '../../directory/index.ts'
import { type TestPeople, openTestPeople, testScope } from '../../../testing/identity/test-people.ts'
import { presentedIn, testOrigin, testTenantId } from '../../../testing/identity/test-provider.ts'

const webUri = 'https://app.example/signed-in'
const pageUri = 'https://page.example/'
const programUri = 'http://localhost'

type App = { readonly appId: string; readonly objectId: string; readonly secret: string }

/** An application of the directory through which people may sign in. */
async function register(people: TestPeople, signIn: ApplicationSignInChange): Promise<App> {
  const { application, secret } = await people.createApplication('app')
  await setSignIn(people, application, signIn)
  return { appId: application.appId, objectId: application.objectId, secret }
}

const setSignIn = (people: TestPeople, { objectId }: { readonly objectId: string }, signIn: ApplicationSignInChange) =>
  people.change((transaction, { applications }) => applications.updateApplication(transaction, objectId, { signIn }))

const openIdScope = 'openid profile offline_access'

test('a web application completes the code flow only with its secret', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId, secret } = await register(people, { redirectUris: { web: [webUri] } })
  const request = { client_id: appId, redirect_uri: webUri, scope: openIdScope }
  const answer = await people.redeem(await people.code(request), { ...request, client_secret: secret })
  assert.equal(answer.status, 200)
  assert.equal(decodeJwt(answer.id_token ?? '').aud, appId)
  const { aud, scp, appidacr } = decodeJwt(answer.access_token ?? '')
  assert.deepEqual([aud, scp, appidacr], [`${testOrigin}/oidc/userinfo`, 'openid profile', '1'])

  const open = await people.redeem(await people.code(request), request)
  assert.deepEqual([open.status, open.error_codes], [401, [7000218]])
  const wrong = await people.redeem(await people.code(request), { ...request, client_secret: 'x' })
  assert.deepEqual([wrong.status, wrong.error_codes], [401, [7000215]])
  const refreshed = { client_id: appId, scope: openIdScope }
  assert.deepEqual((await people.refresh(answer.refresh_token, refreshed)).error_codes, [7000218])
  assert.equal((await people.refresh(answer.refresh_token, { ...refreshed, client_secret: secret })).status, 200)
})

test('an application gets no token for a resource without consent', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId, secret } = await register(people, { redirectUris: { web: [webUri] } })
  const request = { client_id: appId, redirect_uri: webUri, scope: openIdScope }
  const authenticated = { ...request, client_secret: secret }
  const greedy = await people.redeem(await people.code(request), { ...authenticated, scope: testScope })
  assert.deepEqual([greedy.status, greedy.error_codes], [400, [65001]])
  const answer = await people.redeem(await people.code(request), authenticated)
  const more = { client_id: appId, client_secret: secret, scope: testScope }
  assert.deepEqual((await people.refresh(answer.refresh_token, more)).error_codes, [65001])
})

test('the user info endpoint returns the user, and its token is not accepted elsewhere', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId, secret } = await register(people, { redirectUris: { web: [webUri] } })
  const request = { client_id: appId, redirect_uri: webUri, scope: openIdScope }
  const { access_token = '', id_token = '' } = await people.redeem(await people.code(request), {
    ...request,
    client_secret: secret,
  })
  const userInfo = (token: string) => people.get('/oidc/userinfo', { authorization: `Bearer ${token}` })
  const response = await userInfo(access_token)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.deepEqual(await response.json(), {
    sub: people.alice.objectId,
    oid: people.alice.objectId,
    name: 'alice',
    preferred_username: 'alice@contoso.example',
  })
  const elsewhere = await people.identity.verifyAccessToken(access_token, ['arm', 'acr', 'graph'])
  const owner = { kind: 'user', objectId: people.alice.objectId, credentialId: decodeJwt(access_token)['acrux_cred'] }
  assert.deepEqual(elsewhere, { ok: false, reason: 'audience', owner, presented: presentedIn(access_token) })
  const { accessToken } = await people.signIn()
  const program = await people.token()
  for (const token of [id_token, accessToken, program, 'x']) {
    const rejected = await userInfo(token)
    assert.deepEqual([rejected.status, rejected.headers.get('www-authenticate')], [401, 'Bearer error="invalid_token"'])
  }
  assert.equal((await people.get('/oidc/userinfo')).status, 401)
})

test('the e-mail address is returned if it is requested and known', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId, secret } = await register(people, { redirectUris: { web: [webUri] } })
  const bob = await people.createUser('bob', { mail: 'bob@mail.example' })
  for (const [scope, user, email] of [
    ['openid email', bob, 'bob@mail.example'],
    ['openid', bob, undefined],
    ['openid email', people.alice, undefined],
  ] as const) {
    const request = { client_id: appId, redirect_uri: webUri, scope }
    const code = await people.code(request, people.signedIn(user))
    const { id_token = '' } = await people.redeem(code, { ...request, client_secret: secret })
    assert.equal(decodeJwt(id_token)['email'], email)
  }
})

test('a single-page application redeems its code from its own origin only, and may read the response', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId } = await register(people, { redirectUris: { spa: [pageUri] } })
  const request = { client_id: appId, redirect_uri: pageUri, scope: openIdScope }
  for (const headers of [{}, { origin: 'https://evil.example' }]) {
    const rejected = await people.redeem(await people.code(request), request, testTenantId, headers)
    assert.deepEqual(rejected.error_codes, [9002327])
    assert.equal(rejected.headers.get('access-control-allow-origin'), null)
  }
  const origin = 'https://page.example'
  const answer = await people.redeem(await people.code(request), request, testTenantId, { origin })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('access-control-allow-origin'), origin)
  people.time.nowMs += 24 * 3600_000 - 1000
  const again = { grant_type: 'refresh_token', client_id: appId, refresh_token: answer.refresh_token }
  assert.deepEqual((await people.ask(again)).error_codes, [9002327])
  const next = await people.ask(again, testTenantId, { origin })
  assert.equal(next.status, 200)
  people.time.nowMs += 1000
  const late = { ...again, refresh_token: next.refresh_token }
  assert.deepEqual((await people.ask(late, testTenantId, { origin })).error_codes, [700082], 'at most one day')
})

for (const kind of usualDatabaseKinds) {
  test(`the refresh token of a single-page application is replaced at each use, and a second use revokes the sign-in (${kind})`, async (t) => {
    const people = await openTestPeople(kind)
    t.after(people.close)
    const { appId } = await register(people, { redirectUris: { spa: [pageUri] } })
    const request = { client_id: appId, redirect_uri: pageUri, scope: openIdScope }
    const origin = 'https://page.example'
    const begin = async () => people.redeem(await people.code(request), request, testTenantId, { origin })
    const use = (refresh_token: string | undefined, headers = { origin }) =>
      people.ask({ grant_type: 'refresh_token', client_id: appId, refresh_token }, testTenantId, headers)
    const first = (await begin()).refresh_token
    const wrongScope = {
      grant_type: 'refresh_token',
      client_id: appId,
      refresh_token: first,
      scope: 'api://unknown/.default',
    }
    assert.equal((await people.ask(wrongScope, testTenantId, { origin })).status, 400)
    const second = await use(first)
    assert.equal(second.status, 200, 'a denied request does not use the token up')
    assert.notEqual(second.refresh_token, first)
    const third = await use(second.refresh_token)
    assert.equal(third.status, 200)
    const other = await begin()
    assert.deepEqual((await use(first)).error_codes, [50173])
    assert.deepEqual((await use(third.refresh_token)).error_codes, [50173], 'the latest ends too')
    const verified = await people.identity.verifyAccessToken(third.access_token ?? '', ['userinfo'])
    assert.equal(verified.ok, false)
    const answers = await Promise.all(Array.from({ length: 5 }, () => use(other.refresh_token)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    const [winner] = answers.filter(({ status }) => status === 200)
    assert.deepEqual((await use(winner?.refresh_token)).error_codes, [50173], 'a concurrent use revokes it too')
  })
}

test('the number of rotations is bounded, so that every used refresh token stays stored', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId } = await register(people, { redirectUris: { spa: [pageUri] } })
  const request = { client_id: appId, redirect_uri: pageUri, scope: openIdScope }
  const origin = 'https://page.example'
  let { refresh_token: token } = await people.redeem(await people.code(request), request, testTenantId, { origin })
  const use = () =>
    people.ask({ grant_type: 'refresh_token', client_id: appId, refresh_token: token }, testTenantId, { origin })
  for (let count = 0; count < 200; count += 1) {
    const answer = await use()
    assert.equal(answer.status, 200, String(count))
    token = answer.refresh_token
  }
  assert.equal((await use()).error, 'invalid_grant')
})

test('a native application may use any loopback port, and a device code only if it is registered for that', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const { appId } = await register(people, { redirectUris: { publicClient: [programUri] } })
  const request = { client_id: appId, redirect_uri: 'http://localhost:50123/', scope: testScope }
  assert.equal((await people.redeem(await people.code(request), request)).status, 200)
  const form = new URLSearchParams({ client_id: appId, scope: testScope }).toString()
  const device = (body: string) => people.post(`/${testTenantId}/oauth2/v2.0/devicecode`, body)
  assert.equal((await device(form)).status, 401)
  const open = await register(people, { isFallbackPublicClient: true })
  assert.equal((await device(new URLSearchParams({ client_id: open.appId, scope: testScope }).toString())).status, 200)
})

test('the tokens of an application end when it is disabled or its redirect URI is removed', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const app = await register(people, { redirectUris: { publicClient: [programUri] } })
  const request = { client_id: app.appId, redirect_uri: 'http://localhost:50123', scope: testScope }
  const { access_token = '' } = await people.redeem(await people.code(request), request)
  assert.equal((await people.identity.verifyAccessToken(access_token, ['arm'])).ok, true)
  const code = await people.code(request)
  await setSignIn(people, app, { redirectUris: { publicClient: [] } })
  assert.deepEqual((await people.redeem(code, request)).error_codes, [500112])
  const principal = await people.directory.findServicePrincipalByAppId(app.appId)
  await people.change((transaction, { applications }) =>
    applications.updateServicePrincipal(transaction, principal?.objectId ?? '', { enabled: false }),
  )
  assert.equal((await people.identity.verifyAccessToken(access_token, ['arm'])).ok, false)
})

test('a device code of an application gets no tokens after its public flows were disabled', async (t) => {
  const people = await openTestPeople()
  t.after(people.close)
  const app = await register(people, { isFallbackPublicClient: true })
  const form = new URLSearchParams({ client_id: app.appId, scope: openIdScope }).toString()
  const started = await people.post(`/${testTenantId}/oauth2/v2.0/devicecode`, form)
  const device = (await started.json()) as { readonly device_code: string; readonly user_code: string }
  await people.identity.answerDeviceRequest(device.user_code, { person: people.signedIn() }, '203.0.113.7')
  const poll = () =>
    people.ask({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: app.appId,
      device_code: device.device_code,
    })
  await setSignIn(people, app, { isFallbackPublicClient: false })
  const denied = await poll()
  assert.deepEqual([denied.status, denied.error_codes, denied.access_token], [401, [7000218], undefined])
  await setSignIn(people, app, { isFallbackPublicClient: true })
  assert.equal((await poll()).status, 200)
})
