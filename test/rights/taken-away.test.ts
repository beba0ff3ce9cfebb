import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  armToken,
  assignRole,
  createRegistry,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  principalWithRole,
  registryId,
  removeRole,
  resourceGroupId,
  roles,
  setAnonymousPull,
} from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, get, nullGuid, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertBasicRefused, assertRefused, assertUnauthorizedBody } from './refusal.ts'
import { askExchange, grantedBy, tokensOf } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const manifestPath = '/v2/team/app/manifests/1'
const pull = 'repository:team/app:pull'
const pullPush = 'repository:team/app:pull,push'
await pushImage(server, 'team/app', '1', owner)

async function beginUpload(authorization: string): Promise<HttpResponse> {
  const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/`
  return request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
}

const scopes: Record<string, () => string> = {
  'the registry': () => registryId(server),
  'its resource group': () => resourceGroupId(server),
  'the subscription': () => `/subscriptions/${subscriptionId}`,
}
for (const [where, scopeOf] of Object.entries(scopes)) {
  test(`a role assignment at ${where} that is deleted is refused at the next request`, async () => {
    const principal = await createServicePrincipal(server, 'assigned')
    const assignment = await assignRole(server, principal.objectId, roles.acrPush, scopeOf())
    const tokens = await tokensOf(server, principal, [pullPush])
    const bearer = `Bearer ${tokens.access}`
    assert.equal((await get(server, manifestPath, bearer)).status, 200)
    assert.equal((await beginUpload(bearer)).status, 202)

    await removeRole(server, assignment)
    assertUnauthorizedBody(await get(server, manifestPath, bearer))
    assertUnauthorizedBody(await beginUpload(bearer))
    assertUnauthorizedBody(await get(server, manifestPath, basic(principal.appId, principal.password)))
    assertUnauthorizedBody(await askExchange(server, tokens.identity))
    const again = await askAccessToken(server, { refreshToken: tokens.refresh }, [pullPush])
    if (again.status === 200)
      assert.deepEqual(Object.values(grantedBy(stringAt(again.json(), 'access_token'))).flat(), [])
    else assertUnauthorizedBody(again)

    await assignRole(server, principal.objectId, roles.acrPull, scopeOf())
    assert.equal((await get(server, manifestPath, `Bearer ${tokens.access}`)).status, 200)
    const refused = await beginUpload(bearer)
    assertRefused(refused, { loginServer, scope: pullPush, error: 'insufficient_scope' })
  })
}

test('of two roles the one that is deleted takes its own right and no other', async () => {
  const principal = await principalWithRole(server, 'two-roles', roles.acrPull)
  const pushing = await assignRole(server, principal.objectId, roles.acrPush, registryId(server))
  const bearer = `Bearer ${(await tokensOf(server, principal, [pullPush])).access}`
  assert.equal((await beginUpload(bearer)).status, 202)
  await removeRole(server, pushing)
  assertRefused(await beginUpload(bearer), { loginServer, scope: pullPush, error: 'insufficient_scope' })
  assert.equal((await get(server, manifestPath, bearer)).status, 200)
})

test('a right that is given later does not widen a token that was issued before', async () => {
  const principal = await principalWithRole(server, 'promoted', roles.acrPull)
  const tokens = await tokensOf(server, principal, [pullPush])
  await assignRole(server, principal.objectId, roles.acrPush, registryId(server))
  const refused = await beginUpload(`Bearer ${tokens.access}`)
  assertRefused(refused, { loginServer, scope: pullPush, error: 'insufficient_scope' })
  const wider = await accessToken(server, { refreshToken: tokens.refresh }, [pullPush])
  assert.equal((await beginUpload(`Bearer ${wider}`)).status, 202)
})

test('anonymous pull that is turned off is refused at the next request', async () => {
  await setAnonymousPull(server, true)
  const anonymous = `Bearer ${await accessToken(server, 'anonymous', [pull])}`
  assert.equal((await get(server, manifestPath, anonymous)).status, 200)
  assertRefused(await get(server, '/v2/'), { loginServer })
  assertRefused(await get(server, manifestPath), { loginServer, scope: pull })

  await setAnonymousPull(server, false)
  assertUnauthorizedBody(await get(server, manifestPath, anonymous))
  assertUnauthorizedBody(await askAccessToken(server, 'anonymous', [pull]))
})

test('a repository that is deleted and pushed again is another one: tokens for the old are refused', async () => {
  const principal = await principalWithRole(server, 'reader', roles.acrPull)
  const credential = { username: principal.appId, password: principal.password }
  const scope = 'repository:reborn:pull'
  await pushImage(server, 'reborn', '1', owner)
  const old = await accessToken(server, credential, [scope])
  assert.equal((await get(server, '/v2/reborn/manifests/1', `Bearer ${old}`)).status, 200)

  const url = `${registryUrl(server)}/acr/v1/reborn`
  const headers = { authorization: owner }
  expectStatus(await request({ method: 'DELETE', url, headers, caFile: server.caFile }), 202)
  await pushImage(server, 'reborn', '1', owner)
  const refused = await get(server, '/v2/reborn/manifests/1', `Bearer ${old}`)
  assertRefused(refused, { loginServer, scope, error: 'invalid_token' })
  const fresh = await accessToken(server, credential, [scope])
  assert.equal((await get(server, '/v2/reborn/manifests/1', `Bearer ${fresh}`)).status, 200)
})

test('a registry that is deleted and made again is another one: nothing of the old opens it', async () => {
  const first = await createRegistry(server, 'phoenix')
  const there = { loginServer: first.loginServer }
  await pushImage(server, 'team/app', '1', owner, {}, there)
  const principal = await principalWithRole(server, 'phoenix-reader', roles.acrPull, 'phoenix')
  const tokens = await tokensOf(server, principal, [pull], there)
  const owners = await tokensOf(server, servicePrincipal, [pull], there)
  const admin = await enableAdmin(server, 'phoenix')
  const admins = await accessToken(server, { username: 'phoenix', password: admin.password }, [pull], there)
  const anyone = [tokens.access, owners.access, admins]
  for (const access of anyone) assert.equal((await get(server, manifestPath, `Bearer ${access}`, there)).status, 200)

  expectStatus(await arm(server, 'DELETE', registryId(server, 'phoenix')), 200)
  assert.equal((await get(server, '/v2/', undefined, there)).status, 404)
  assert.equal((await askExchange(server, tokens.identity, there)).status, 404)
  const second = await createRegistry(server, 'phoenix')
  assert.equal(second.loginServer, first.loginServer)

  for (const access of anyone) {
    const refused = await get(server, manifestPath, `Bearer ${access}`, there)
    assertRefused(refused, { ...there, scope: pull, error: 'invalid_token' })
  }
  for (const refreshToken of [tokens.refresh, owners.refresh]) {
    assertUnauthorizedBody(await askAccessToken(server, { refreshToken }, [pull], there))
    const credential = { username: nullGuid, password: refreshToken }
    assertUnauthorizedBody(await askAccessToken(server, credential, [pull], there))
  }
  assertUnauthorizedBody(await askExchange(server, tokens.identity, there))
  const again = await enableAdmin(server, 'phoenix')
  for (const password of [admin.password, admin.password2]) {
    assert.ok(password !== again.password && password !== again.password2)
    assertBasicRefused(await get(server, '/v2/', basic('phoenix', password), there))
  }
  assert.equal((await get(server, manifestPath, owner, there)).status, 404)
})

test('a resource group that is deleted takes its registries and every right in them along', async () => {
  const group = `/subscriptions/${subscriptionId}/resourceGroups/passing`
  const id = `${group}/providers/Microsoft.ContainerRegistry/registries/passing`
  expectStatus(await arm(server, 'PUT', group, { location: 'local' }), 201)
  expectStatus(await arm(server, 'PUT', id, { location: 'local', sku: { name: 'Basic' }, properties: {} }), 200, 201)
  const there = { loginServer: `passing.azurecr.localhost:${server.port}` }
  const principal = await createServicePrincipal(server, 'passing')
  await assignRole(server, principal.objectId, roles.contributor, group)
  await pushImage(server, 'team/app', '1', basic(principal.appId, principal.password), {}, there)
  const identity = await armToken(server, principal)
  expectStatus(await arm(server, 'GET', id, undefined, identity), 200)

  expectStatus(await arm(server, 'DELETE', group), 200, 202)
  assert.equal((await get(server, '/v2/', undefined, there)).status, 404)
  expectStatus(await arm(server, 'GET', id, undefined, identity), 403, 404)
  expectStatus(await arm(server, 'PUT', group, { location: 'local' }), 201)
  expectStatus(await arm(server, 'PUT', id, { location: 'local', sku: { name: 'Basic' }, properties: {} }), 200, 201)
  expectStatus(await arm(server, 'GET', id, undefined, identity), 403)
  assertUnauthorizedBody(await askExchange(server, identity, there))
})
