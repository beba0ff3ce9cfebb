import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, as, createRegistry, expectStatus, registryId, setAnonymousPull } from '../harness/arm.ts'
import { clientHome, requireClient, run } from '../harness/clients.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, get, onRegistry, pushImage, registryUrl } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied, assertUnauthorizedBody } from './denial.ts'
import { grantedBy } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
for (const repository of ['open/app', 'open/tool', 'closed/app']) await pushImage(server, repository, '1', owner)
const readOpen = ['repositories/open/*/content/read', 'repositories/open/app/metadata/read']
const map = await putScopeMap(server, 'everybody', readOpen)
const resource = `${registryId(server)}/providers/Acrux.Server/anonymousAccess/default`

function put(scopeMapId: unknown, caller?: string): Promise<HttpResponse> {
  return arm(as(server, caller), 'PUT', resource, { properties: { scopeMapId } })
}

async function open(scopeMapId: string = map): Promise<void> {
  expectStatus(await put(scopeMapId), 200, 201)
}

async function close(): Promise<void> {
  expectStatus(await arm(server, 'DELETE', resource), 200, 204)
}

const everything = 'pull,push,delete,metadata_read,metadata_write,deleted_read,deleted_restore'
const asked = ['open/app', 'open/tool', 'closed/app', 'open/none', '*'].map(
  (name) => `repository:${name}:${everything}`,
)

/** An anonymous token over everything, by the way that docker asks, and by that of the SDKs. */
async function anonymousTokens(): Promise<string[]> {
  const service = loginServer
  const body = new URLSearchParams([
    ['grant_type', 'password'],
    ['service', service],
    ['refresh_token', ''],
    ...[...asked, 'registry:catalog:*'].map((scope) => ['scope', scope]),
  ]).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const url = `${registryUrl(server)}/oauth2/token`
  const posted = expectStatus(await request({ method: 'POST', url, headers, body, caFile: server.caFile }), 200)
  return [
    await accessToken(server, 'anonymous', [...asked, 'registry:catalog:*']),
    stringAt(posted.json(), 'access_token'),
  ]
}

test('without a scope map for anonymous callers, they read nothing', async () => {
  await close()
  assertUnauthorizedBody(await askAccessToken(server, 'anonymous', asked))
  assert.equal((await arm(server, 'GET', resource)).status, 404)
})

test('anonymous callers read the repositories of the scope map, and neither others nor the catalog', async () => {
  await open()
  for (const token of await anonymousTokens()) {
    assert.deepEqual(grantedBy(token), {
      'repository:open/app': ['metadata_read', 'pull'],
      'repository:open/none': ['pull'],
      'repository:open/tool': ['pull'],
    })
    const bearer = `Bearer ${token}`
    assert.equal((await get(server, '/v2/', bearer)).status, 200)
    assert.equal((await get(server, '/v2/open/app/manifests/1', bearer)).status, 200)
    assert.equal((await get(server, '/v2/open/app/tags/list', bearer)).status, 200)
    assert.equal((await get(server, '/v2/open/tool/manifests/1', bearer)).status, 200)
    const closed: readonly (readonly [path: string, scope: string])[] = [
      ['/v2/open/tool/tags/list', 'repository:open/tool:metadata_read'],
      ['/v2/closed/app/manifests/1', 'repository:closed/app:pull'],
      ['/v2/_catalog', 'registry:catalog:*'],
      ['/acr/v1/_catalog', 'registry:catalog:*'],
    ]
    for (const [path, scope] of closed) {
      assertDenied(await get(server, path, bearer), { loginServer, scope, error: 'insufficient_scope' })
    }
  }
  assertDenied(await get(server, '/v2/'), { loginServer })
  assertDenied(await get(server, '/v2/open/app/manifests/1'), { loginServer, scope: 'repository:open/app:pull' })
})

test('anonymous callers write nothing, even if the scope map allows it', async () => {
  await open(`${registryId(server)}/scopeMaps/_repositories_admin`)
  const [token = ''] = await anonymousTokens()
  assert.deepEqual(grantedBy(token)['repository:closed/app'], ['metadata_read', 'pull'])
  const headers = { authorization: `Bearer ${token}` }
  for (const [method, path] of [
    ['POST', '/v2/open/app/blobs/uploads/'],
    ['PUT', '/v2/open/app/manifests/2'],
    ['DELETE', '/acr/v1/open%2Fapp'],
    ['DELETE', '/acr/v1/open%2Fapp/_tags/1'],
    ['PATCH', '/acr/v1/open%2Fapp'],
  ] as const) {
    const answer = await request({ method, url: `${registryUrl(server)}${path}`, headers, caFile: server.caFile })
    assertUnauthorizedBody(answer)
  }
})

test('a signed-in caller gets no permission from it', async () => {
  await open()
  await putScopeMap(server, 'nothing', ['repositories/none/content/read'])
  const token = await createScopedToken(server, 'nightly', 'nothing')
  const access = await accessToken(server, token, asked)
  assert.deepEqual(grantedBy(access), {})
})

test('anonymous pull of the whole registry goes beyond it while it is on', async () => {
  await open()
  await setAnonymousPull(server, true)
  const wide = await accessToken(server, 'anonymous', [...asked, 'registry:catalog:*'])
  assert.deepEqual(grantedBy(wide)['repository:closed/app'], ['metadata_read', 'pull'])
  await setAnonymousPull(server, false)
  assertUnauthorizedBody(await get(server, '/v2/closed/app/manifests/1', `Bearer ${wide}`))
  assert.equal((await get(server, '/v2/open/app/manifests/1', `Bearer ${wide}`)).status, 200)
})

test('no property of a registry, scope map or token opens a repository to anonymous callers', async () => {
  await close()
  const stray = {
    anonymousAccess: { scopeMapId: map },
    anonymousScopeMap: map,
    anonymousScopeMapId: map,
    scopeMapId: map,
  }
  expectStatus(await arm(server, 'PATCH', registryId(server), { ...stray, properties: stray }), 200)
  const properties = { ...stray, actions: readOpen, anonymous: true }
  expectStatus(await arm(server, 'PUT', map, { ...stray, properties }), 200)
  for (const name of ['anonymous', '_anonymous', '_repositories_anonymous', 'everyone']) {
    await arm(server, 'PUT', `${registryId(server)}/scopeMaps/${name}`, { properties: { actions: readOpen } })
  }
  assertUnauthorizedBody(await askAccessToken(server, 'anonymous', asked))
})

test('it names a scope map of its own registry alone, keeps that from deletion, and ends with the registry', async () => {
  const other = await createRegistry(server, 'elsewhere')
  const otherMap = await putScopeMap(server, 'everybody', readOpen, 'elsewhere')
  for (const id of [
    otherMap,
    `${registryId(server)}/scopeMaps/missing`,
    'everybody',
    '',
    registryId(server),
    null,
    7,
  ]) {
    assert.equal((await put(id)).status, 400, String(id))
  }
  assert.equal((await arm(server, 'GET', resource)).status, 404)
  const made = expectStatus(await put(map), 201).json()
  assert.equal(stringAt(made, 'properties', 'scopeMapId'), map)
  assert.equal(stringAt(made, 'id'), resource)
  assert.deepEqual(expectStatus(await arm(server, 'GET', resource), 200).json(), made)
  const denied = await arm(server, 'DELETE', map)
  assert.equal(denied.status, 409)
  assert.equal(at(denied.json(), 'error', 'code'), 'ScopeMapInUse')

  const there = `${registryId(server, 'elsewhere')}/providers/Acrux.Server/anonymousAccess/default`
  expectStatus(await arm(server, 'PUT', there, { properties: { scopeMapId: otherMap } }), 201)
  await pushImage(onRegistry(server, other), 'open/app', '1', owner)
  const token = await accessToken(server, 'anonymous', ['repository:open/app:pull'], other)
  expectStatus(await arm(server, 'DELETE', registryId(server, 'elsewhere')), 200)
  await createRegistry(server, 'elsewhere')
  await pushImage(onRegistry(server, other), 'open/app', '1', owner)
  assertUnauthorizedBody(await get(server, '/v2/open/app/manifests/1', `Bearer ${token}`, other))
  assertUnauthorizedBody(await askAccessToken(server, 'anonymous', ['repository:open/app:pull'], other))
})

test('podman pulls an open repository without signing in, and no other', async (t) => {
  if (!requireClient(t, 'podman')) return
  await open()
  using home = clientHome(server.caFile)
  const inspect = (repository: string) =>
    run('podman', ['search', '--list-tags', `${loginServer}/${repository}`], { env: home.env })
  assert.match((await inspect('open/app')).stdout, /\s1\s/)
  assert.notEqual((await inspect('closed/app')).code, 0)
})
