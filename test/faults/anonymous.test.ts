import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { createRegistry, registryId, resourceGroupId, setAnonymousPull } from '../harness/arm.ts'
import { form, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied, assertUnauthorizedBody } from '../rights/denial.ts'
import { grantedBy } from '../rights/tokens.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer, servicePrincipal, subscriptionId, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
const second = await createRegistry(server, 'second')
await pushImage(onRegistry(server, { loginServer: second.loginServer }), 'team/app', '1', owner)
const blob = image.layers[0]?.digest ?? ''
const guid = randomUUID()

/** A route of the data plane, with the access scope that its challenge names. */
type DataRoute = readonly [method: string, target: string, scope: string | undefined]

const on = (actions: string): string => `repository:team/app:${actions}`
const dataRoutes: readonly DataRoute[] = [
  ['GET', '/v2/', undefined],
  ['HEAD', '/v2/', undefined],
  ['GET', '/v2/_catalog', 'registry:catalog:*'],
  ['GET', '/v2/team/app/tags/list', on('metadata_read')],
  ['GET', `/v2/team/app/referrers/${image.digest}`, on('pull')],
  ['GET', '/v2/team/app/manifests/1', on('pull')],
  ['HEAD', '/v2/team/app/manifests/1', on('pull')],
  ['GET', `/v2/team/app/manifests/${image.digest}`, on('pull')],
  ['GET', `/v2/team/app/blobs/${blob}`, on('pull')],
  ['HEAD', `/v2/team/app/blobs/${blob}`, on('pull')],
  ['PUT', '/v2/team/app/manifests/2', on('pull,push')],
  ['DELETE', `/v2/team/app/manifests/${image.digest}`, on('delete')],
  ['DELETE', '/v2/team/app/manifests/1', on('delete')],
  ['DELETE', `/v2/team/app/blobs/${blob}`, on('delete')],
  ['POST', '/v2/team/app/blobs/uploads/', on('pull,push')],
  ['POST', `/v2/team/app/blobs/uploads/?digest=${blob}`, on('pull,push')],
  ['GET', `/v2/team/app/blobs/uploads/${guid}`, on('pull,push')],
  ['PATCH', `/v2/team/app/blobs/uploads/${guid}`, on('pull,push')],
  ['PUT', `/v2/team/app/blobs/uploads/${guid}?digest=${blob}`, on('pull,push')],
  ['DELETE', `/v2/team/app/blobs/uploads/${guid}`, on('pull,push')],
  ['GET', '/acr/v1/_catalog', 'registry:catalog:*'],
  ['GET', '/acr/v1/_repositories', 'registry:repositories:*'],
  ['POST', '/acr/v1/_bulk', undefined],
  ['GET', '/acr/v1/team%2Fapp', on('metadata_read')],
  ['PATCH', '/acr/v1/team%2Fapp', on('metadata_write')],
  ['DELETE', '/acr/v1/team%2Fapp', on('delete')],
  ['GET', '/acr/v1/team%2Fapp/_tags', on('metadata_read')],
  ['GET', '/acr/v1/team%2Fapp/_tags/1', on('metadata_read')],
  ['PATCH', '/acr/v1/team%2Fapp/_tags/1', on('metadata_write')],
  ['DELETE', '/acr/v1/team%2Fapp/_tags/1', on('delete')],
  ['GET', '/acr/v1/team%2Fapp/_tags/1/_history', on('metadata_read')],
  ['POST', '/acr/v1/team%2Fapp/_tags/1/_revert', on('pull,push')],
  ['GET', '/acr/v1/team%2Fapp/_images', on('metadata_read')],
  ['GET', '/acr/v1/team%2Fapp/_manifests', on('metadata_read')],
  ['GET', `/acr/v1/team%2Fapp/_manifests/${encodeURIComponent(image.digest)}`, on('metadata_read')],
  ['GET', `/acr/v1/team%2Fapp/_manifests/${encodeURIComponent(image.digest)}/_reports`, on('metadata_read')],
  ['PATCH', `/acr/v1/team%2Fapp/_manifests/${encodeURIComponent(image.digest)}`, on('metadata_write')],
  ['GET', '/acr/v1/_deleted/_catalog', 'registry:deleted_catalog:*'],
  ['GET', '/acr/v1/_deleted/team%2Fapp/_tags', on('deleted_read')],
  ['GET', '/acr/v1/_deleted/team%2Fapp/_manifests', on('deleted_read')],
  [
    'POST',
    `/acr/v1/_deleted/team%2Fapp/_manifests/${encodeURIComponent(image.digest)}`,
    on('deleted_read,deleted_restore'),
  ],
]

const id = registryId(server)
const group = resourceGroupId(server)
const assignments = 'providers/Microsoft.Authorization/roleAssignments'
const definitions = 'providers/Microsoft.Authorization/roleDefinitions'
const managementRoutes: readonly (readonly [method: string, target: string])[] = [
  ['GET', '/subscriptions'],
  ['GET', '/tenants'],
  ['GET', `/subscriptions/${subscriptionId}`],
  ['GET', `/subscriptions/${subscriptionId}/locations`],
  ['GET', `/subscriptions/${subscriptionId}/resources`],
  ['GET', `/subscriptions/${subscriptionId}/resourcegroups`],
  ['PUT', `/subscriptions/${subscriptionId}/resourcegroups/new`],
  ['GET', group],
  ['HEAD', group],
  ['PATCH', group],
  ['DELETE', group],
  ['GET', `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/registries`],
  ['GET', `${group}/providers/Microsoft.ContainerRegistry/registries`],
  ['POST', `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/checkNameAvailability`],
  ['GET', id],
  ['PUT', id],
  ['PATCH', id],
  ['DELETE', id],
  ['POST', `${id}/listCredentials`],
  ['POST', `${id}/regenerateCredential`],
  ['GET', `${id}/listUsages`],
  ['GET', `${id}/${assignments}`],
  ['GET', `${id}/${assignments}/${guid}`],
  ['PUT', `${id}/${assignments}/${guid}`],
  ['DELETE', `${id}/${assignments}/${guid}`],
  ['GET', `/subscriptions/${subscriptionId}/${definitions}`],
  ['GET', `${id}/${definitions}`],
  ['GET', '/graph/v1.0/applications'],
  ['POST', '/graph/v1.0/applications'],
  ['GET', `/graph/v1.0/applications/${guid}`],
  ['PATCH', `/graph/v1.0/applications/${guid}`],
  ['DELETE', `/graph/v1.0/applications/${guid}`],
  ['POST', `/graph/v1.0/applications/${guid}/addPassword`],
  ['POST', `/graph/v1.0/applications/${guid}/removePassword`],
  ['GET', '/graph/v1.0/servicePrincipals'],
  ['POST', '/graph/v1.0/servicePrincipals'],
  ['GET', `/graph/v1.0/servicePrincipals/${guid}`],
  ['PATCH', `/graph/v1.0/servicePrincipals/${guid}`],
  ['DELETE', `/graph/v1.0/servicePrincipals/${guid}`],
  ['POST', `/graph/v1.0/servicePrincipals/${guid}/addPassword`],
  ['POST', `/graph/v1.0/servicePrincipals/${guid}/removePassword`],
  ['GET', '/graph/v1.0/users'],
  ['GET', '/graph/v1.0/me'],
  ['GET', '/graph/v1.0/me/ownedObjects'],
  ['POST', '/graph/v1.0/directoryObjects/getByIds'],
]

async function send(method: string, target: string, authorization?: string, host?: string): Promise<HttpResponse> {
  const headers = [['Content-Type', 'application/json'] as const]
  const body = ['PUT', 'PATCH', 'POST'].includes(method) ? { headers, body: '{}' } : {}
  return wire.send({ method, target, authorization, ...body, ...(host !== undefined && { host }) })
}

/** Holds that every route of the data plane asks for credentials. HEAD has no body to look at. */
async function assertAllChallenged(host: string): Promise<void> {
  for (const [method, target, scope] of dataRoutes) {
    const denied = await send(method, target, undefined, host)
    assert.equal(denied.status, 401, `${method} ${target}`)
    if (method === 'HEAD') assert.match(String(denied.headers['www-authenticate']), /^Bearer realm="https:/)
    else assertDenied(denied, { loginServer: host, ...(scope !== undefined && { scope }) })
  }
}

test('fault 20: with anonymous pull off, every route of the data plane asks for credentials', async () => {
  await assertAllChallenged(loginServer)
  for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic', 'Basic Og==', 'Negotiate x', 'Bearer null']) {
    for (const [method, target] of dataRoutes) {
      assert.equal((await send(method, target, authorization)).status, 401, `${method} ${target} ${authorization}`)
    }
  }
})

test('fault 20: no route of the management and directory surfaces knows an anonymous caller', async () => {
  for (const [method, target] of managementRoutes) {
    for (const authorization of [undefined, '', 'Bearer', 'Bearer null', 'Basic Og==', owner]) {
      const denied = await send(method, target, authorization)
      assert.equal(denied.status, 401, `${method} ${target}: ${denied.text().slice(0, 200)}`)
      if (method !== 'HEAD') assert.ok(stringAt(denied.json(), 'error', 'code').length > 0)
    }
  }
})

test('fault 20: what is public is the little that clients need before they sign in', async () => {
  const open = [
    '/metadata/endpoints?api-version=2022-09-01',
    `/${tenantId}/v2.0/.well-known/openid-configuration`,
    `/${tenantId}/discovery/v2.0/keys`,
    '/oauth2/keys',
    '/healthz',
    '/readyz',
    // The files of the portal contain no data.
    '/portal/',
  ]
  for (const target of open) assert.equal((await send('GET', target)).status, 200, target)
  assert.equal((await send('GET', '/')).headers.location, '/portal/')
  const closed = [
    '/portal/api/session',
    '/portal/api/abilities',
    '/portal/api/arm/subscriptions',
    '/portal/api/graph/v1.0/users',
    `/portal/api/registry/${loginServer}/v2/_catalog`,
    '/portal/assets/none.js',
    '/metrics',
    '/debug',
    '/debug/pprof',
    '/api',
    '/v1/',
    '/acr',
    '/openapi.json',
    '/swagger.json',
    '/admin',
    '/.env',
    '/first-run.json',
  ]
  for (const target of closed) {
    const answer = await send('GET', target)
    assert.ok(answer.status === 404 || answer.status === 401, `${target}: ${answer.status}`)
  }
})

async function postAnonymously(scope: string): Promise<HttpResponse> {
  const sent = form({ grant_type: 'password', service: loginServer, scope, refresh_token: '' })
  return wire.send({ method: 'POST', target: '/oauth2/token', headers: Object.entries(sent.headers), body: sent.body })
}

test('fault 20: with anonymous pull off, an anonymous token is denied, or is good for nothing', async () => {
  await setAnonymousPull(server, false)
  assertUnauthorizedBody(await askAccessToken(server, 'anonymous', [on('pull')]))
  const posted = await postAnonymously(on('pull'))
  assert.equal(posted.status, 200)
  const useless = `Bearer ${stringAt(posted.json(), 'access_token')}`
  assert.deepEqual(grantedBy(useless), {})
  for (const [method, target, scope] of dataRoutes) {
    if (scope === undefined) continue
    const denied = await send(method, target, useless)
    assert.equal(denied.status, 401, `${method} ${target}`)
  }
})

test('fault 20: with anonymous pull on, an anonymous caller reads, and does nothing else', async () => {
  await setAnonymousPull(server, true)
  await assertAllChallenged(loginServer)
  const all = 'pull,push,delete,metadata_read,metadata_write,deleted_read,deleted_restore'
  const wanted = [on(all), 'registry:catalog:*', 'registry:deleted_catalog:*']
  const token = await accessToken(server, 'anonymous', wanted)
  const granted = { 'repository:team/app': ['metadata_read', 'pull'], 'registry:catalog': ['*'] }
  assert.deepEqual(grantedBy(token), granted)
  assert.deepEqual(grantedBy(stringAt((await postAnonymously(wanted.join(' '))).json(), 'access_token')), granted)
  const reads = new Set([undefined, 'registry:catalog:*', on('pull'), on('metadata_read')])
  for (const [method, target, scope] of dataRoutes) {
    const answer = await send(method, target, `Bearer ${token}`)
    // Each operation of `_bulk` is denied by its own need (test/rights/bulk.test.ts). This body has no operations.
    const expected = target === '/acr/v1/_bulk' ? 400 : 200
    if (reads.has(scope)) assert.equal(answer.status, expected, `${method} ${target}`)
    else assertDenied(answer, { loginServer, ...(scope !== undefined && { scope }), error: 'insufficient_scope' })
  }
  for (const [method, target] of managementRoutes) {
    assert.equal((await send(method, target, `Bearer ${token}`)).status, 401, `${method} ${target}`)
  }
})

test('fault 20: anonymous pull of one registry opens no other', async () => {
  await setAnonymousPull(server, true)
  const host = second.loginServer
  await assertAllChallenged(host)
  assertUnauthorizedBody(await askAccessToken(server, 'anonymous', [on('pull')], { loginServer: host }))
  const token = await accessToken(server, 'anonymous', [on('pull')])
  for (const [method, target] of dataRoutes) {
    assert.equal((await send(method, target, `Bearer ${token}`, host)).status, 401, `${method} ${target}`)
  }
})

test('fault 20: turning anonymous pull off ends what was given before', async () => {
  await setAnonymousPull(server, true)
  const token = await accessToken(server, 'anonymous', [on('pull'), 'registry:catalog:*'])
  assert.equal((await send('GET', '/v2/team/app/manifests/1', `Bearer ${token}`)).status, 200)
  await setAnonymousPull(server, false)
  for (const [method, target, scope] of dataRoutes) {
    if (scope === undefined) continue
    assert.equal((await send(method, target, `Bearer ${token}`)).status, 401, `${method} ${target}`)
  }
})

/** What clients say they are; none of them may get the version check for nothing. [distribution registry clients] */
const agents: Record<string, string> = {
  docker:
    'docker/26.1.5+dfsg1 go/go1.22.0 git-commit/unknown kernel/6.1.0 os/linux arch/amd64 UpstreamClient(Docker-Client/26.1.5 \\(linux\\))',
  'docker compose': 'compose/v2.27.0',
  buildkit: 'buildkit/v0.14',
  containerd: 'containerd/1.7.24~ds1',
  podman: 'containers/5.34.2 (github.com/containers/image)',
  skopeo: 'skopeo/1.18.0',
  kubelet: 'kubelet/v1.31.0',
  crane: 'crane/0.20.2 go-containerregistry/0.20.2',
  oras: 'oras/1.2.0',
  helm: 'Helm/3.16.0',
  browser: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36',
  nobody: '',
}

for (const [client, agent] of Object.entries(agents)) {
  test(`fault 24: with anonymous pull on, ${client} is still asked to sign in, and gets by with an anonymous token`, async () => {
    await setAnonymousPull(server, true)
    const headers = [['User-Agent', agent] as const]
    for (const target of ['/v2/', '/v2']) {
      const bare = await wire.send({ target, headers })
      assertDenied(bare, { loginServer })
      const head = await wire.send({ method: 'HEAD', target, headers })
      assert.equal(head.status, 401)
      assert.equal(head.headers['www-authenticate'], bare.headers['www-authenticate'])
    }
    const query = new URLSearchParams({ service: loginServer, scope: on('pull') }).toString()
    const answer = await wire.send({ target: `/oauth2/token?${query}`, headers })
    assert.equal(answer.status, 200, answer.text())
    const authorization = `Bearer ${stringAt(answer.json(), 'access_token')}`
    for (const target of ['/v2/', '/v2/team/app/manifests/1', `/v2/team/app/blobs/${blob}`]) {
      assert.equal((await wire.send({ target, headers, authorization })).status, 200, target)
    }
  })
}
