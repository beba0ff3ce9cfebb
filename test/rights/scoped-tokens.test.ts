import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, as, createRegistry, expectStatus, registryId } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { accessToken, askAccessToken, basic, get, nullGuid, pushImage, registryUrl } from '../harness/registry.ts'
import { createScopedToken, generatePasswords, putScopeMap, type NewScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { assertBasicDenied, assertDenied, assertUnauthorizedBody } from './denial.ts'
import { askByPassword, grantedBy, millisecondsOf, passed } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const manifestPath = '/v2/team/app/manifests/1'
const pull = 'repository:team/app:pull'
const pullPush = 'repository:team/app:pull,push'
const image = await pushImage(server, 'team/app', '1', owner)
await pushImage(server, 'team/other', '1', owner)
await putScopeMap(server, 'builders', ['repositories/team/app/content/read', 'repositories/team/app/content/write'])

async function beginUpload(authorization: string): Promise<HttpResponse> {
  const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/`
  return request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
}

/** Holds that a password opens nothing: neither grant of the token endpoint, nor the data plane. */
async function assertPasswordDead(username: string, password: string): Promise<void> {
  for (const scopes of [[], [pull]]) {
    assertUnauthorizedBody(await askAccessToken(server, { username, password }, scopes))
  }
  assertUnauthorizedBody(await askByPassword(server, { username, password }, pull))
  for (const path of ['/v2/', manifestPath]) {
    assertBasicDenied(await get(server, path, basic(username, password)))
  }
}

/** Holds that an access token which has not expired is denied wherever it is shown. */
async function assertTokenDead(access: string): Promise<void> {
  assertDenied(await get(server, manifestPath, `Bearer ${access}`), {
    loginServer,
    scope: pull,
    error: 'invalid_token',
  })
  assertDenied(await get(server, '/v2/', `Bearer ${access}`), { loginServer, error: 'invalid_token' })
  assertUnauthorizedBody(await askAccessToken(server, { username: nullGuid, password: access }, [pull]))
}

/** A scoped token that has just pulled by each of its ways. */
async function working(name: string, scopeMap = 'builders'): Promise<NewScopedToken & { access: string }> {
  const token = await createScopedToken(server, name, scopeMap)
  const access = await accessToken(server, token, [pullPush])
  for (const authorization of [`Bearer ${access}`, basic(token.username, token.password)]) {
    assert.equal((await get(server, manifestPath, authorization)).status, 200)
    assert.equal((await get(server, '/v2/', authorization)).status, 200)
  }
  return { ...token, access }
}

test('a scoped token may do what its scope map allows, and nothing else', async () => {
  const token = await working('exact')
  const everything = ['pull,push,delete,metadata_read,metadata_write,deleted_read,deleted_restore']
  const asked = ['team/app', 'team/other', '*'].flatMap((name) =>
    everything.map((each) => `repository:${name}:${each}`),
  )
  const wide = await accessToken(server, token, [...asked, 'registry:catalog:*', 'repository:team/app:*'])
  assert.deepEqual(grantedBy(wide), { 'repository:team/app': ['pull', 'push'] })
  for (const authorization of [`Bearer ${wide}`, basic(token.username, token.password)]) {
    assert.equal((await beginUpload(authorization)).status, 202)
    for (const path of ['/v2/team/other/manifests/1', '/v2/_catalog', '/acr/v1/_catalog', '/v2/team/app/tags/list']) {
      assertUnauthorizedBody(await get(server, path, authorization))
    }
    const url = `${registryUrl(server)}/v2/team/app/manifests/${image.digest}`
    const headers = { authorization }
    assertUnauthorizedBody(await request({ method: 'DELETE', url, headers, caFile: server.caFile }))
  }
})

test('an action removed from a scope map is denied at the next request, and an added one widens no token', async () => {
  await putScopeMap(server, 'changing', ['repositories/team/app/content/read', 'repositories/team/app/content/write'])
  const token = await working('narrowed', 'changing')
  const bearer = `Bearer ${token.access}`
  const direct = basic(token.username, token.password)
  assert.equal((await beginUpload(bearer)).status, 202)
  const map = `${registryId(server)}/scopeMaps/changing`
  const patch = (...actions: string[]) => arm(server, 'PATCH', map, { properties: { actions } })
  expectStatus(await patch('repositories/team/app/content/read'), 201)
  assertDenied(await beginUpload(bearer), { loginServer, scope: pullPush, error: 'insufficient_scope' })
  assertUnauthorizedBody(await beginUpload(direct))
  assert.equal((await get(server, manifestPath, bearer)).status, 200)
  expectStatus(await patch('repositories/team/*/metadata/read'), 201)
  for (const authorization of [bearer, direct]) {
    assertDenied(await get(server, manifestPath, authorization), {
      loginServer,
      scope: pull,
      error: 'insufficient_scope',
    })
  }
  assert.equal((await get(server, '/v2/team/app/tags/list', direct)).status, 200)
  assertUnauthorizedBody(await get(server, '/v2/team/app/tags/list', bearer))
})

test('a password that has expired opens nothing, and neither does what it had got', async () => {
  const takesMs = await millisecondsOf(() => working('expiring'))
  const expiresAtMs = Date.now() + 2_000 + 10 * takesMs
  const token = await generatePasswords(server, 'expiring', { expiresAtMs })
  const access = await accessToken(server, token, [pull])
  assert.equal((await get(server, manifestPath, `Bearer ${access}`)).status, 200)
  assert.equal((await get(server, manifestPath, basic(token.username, token.password))).status, 200)
  await passed(expiresAtMs)
  await assertTokenDead(access)
  await assertPasswordDead(token.username, token.password)
})

test('a scoped token is invalid at another registry, at the exchange and in the management API', async () => {
  const { loginServer: other } = await createRegistry(server, 'elsewhere')
  const token = await working('local-one', '_repositories_admin')
  assertUnauthorizedBody(await askAccessToken(server, token, [pull], { loginServer: other }))
  assertUnauthorizedBody(await get(server, '/v2/', `Bearer ${token.access}`, { loginServer: other }))
  assert.equal((await arm(as(server, token.access), 'GET', registryId(server))).status, 401)
})
