import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  as,
  createRegistry,
  createServicePrincipal,
  graph,
  principalWithRole,
  registryId,
  resourceGroupId,
  roles,
} from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import {
  accessToken,
  askAccessToken,
  basic,
  digestOf,
  get,
  onRegistry,
  pushImage,
  registryUrl,
} from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertManagementDenied, assertDenied, assertUnauthorizedBody } from './denial.ts'
import { askExchange, grantedBy, tokensOf } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const other = await createRegistry(server, 'fabrikam')
const there = { loginServer: other.loginServer }
const image = await pushImage(server, 'team/app', '1', owner)
await pushImage(onRegistry(server, there), 'team/app', '1', owner)
const reader = await principalWithRole(server, 'reader', roles.acrPull)
const credential = { username: reader.appId, password: reader.password }

const everything = 'repository:team/app:pull,push,delete,metadata_read,metadata_write'

/** An upload that the owner has begun; what is denied must not touch it. */
const begun = await request({
  method: 'POST',
  url: `${registryUrl(server)}/v2/team/app/blobs/uploads/`,
  headers: { authorization: owner },
  caFile: server.caFile,
})
const uploadPath = new URL(begun.headers.location ?? '', registryUrl(server))

interface Attempt {
  what: string
  method: string
  path: string
  /** The actions that the challenge must ask for. */
  actions: string
  repository?: string
  type?: string
  body?: string
}

const foreign = Buffer.from('smuggled\n')
const uploads = '/v2/team/app/blobs/uploads/'
const lock = { method: 'PATCH', actions: 'metadata_write', type: 'application/json', body: '{"writeEnabled":false}' }
const push = { actions: 'pull,push', type: 'application/octet-stream', body: foreign.toString('utf8') }
const manifest = { method: 'PUT', actions: 'pull,push', type: image.mediaType, body: image.manifest.toString('utf8') }
const remove = { method: 'DELETE', actions: 'delete' }
const attempts: readonly Attempt[] = [
  { what: 'begin an upload', method: 'POST', path: uploads, actions: 'pull,push' },
  { what: 'upload in one request', ...push, method: 'POST', path: `${uploads}?digest=${digestOf(foreign)}` },
  {
    what: 'mount a blob',
    method: 'POST',
    path: `${uploads}?mount=${image.config.digest}&from=team/app`,
    actions: 'pull,push',
  },
  {
    what: 'begin an upload in a repository that is not there',
    method: 'POST',
    path: '/v2/brand/new/blobs/uploads/',
    actions: 'pull,push',
    repository: 'brand/new',
  },
  { what: 'go on with another’s upload', ...push, method: 'PATCH', path: uploadPath.pathname + uploadPath.search },
  { what: 'move a tag', ...manifest, path: '/v2/team/app/manifests/1' },
  { what: 'make a tag', ...manifest, path: '/v2/team/app/manifests/2' },
  { what: 'push a manifest by digest', ...manifest, path: `/v2/team/app/manifests/${image.digest}` },
  { what: 'delete a manifest', ...remove, path: `/v2/team/app/manifests/${image.digest}` },
  { what: 'delete a blob', ...remove, path: `/v2/team/app/blobs/${image.config.digest}` },
  { what: 'untag', ...remove, path: '/acr/v1/team/app/_tags/1' },
  {
    what: 'revert a tag',
    ...push,
    method: 'POST',
    path: '/acr/v1/team/app/_tags/1/_revert',
    type: 'application/json',
    body: JSON.stringify({ digest: image.digest }),
  },
  { what: 'delete a repository', ...remove, path: '/acr/v1/team/app' },
  { what: 'delete a repository by its escaped name', ...remove, path: '/acr/v1/team%2Fapp' },
  { what: 'lock a repository', ...lock, path: '/acr/v1/team/app' },
  { what: 'lock a tag', ...lock, path: '/acr/v1/team/app/_tags/1' },
  { what: 'lock a manifest', ...lock, path: `/acr/v1/team%2Fapp/_manifests/${encodeURIComponent(image.digest)}` },
]

function attempt(one: Attempt, authorization: string, where: { loginServer?: string } = {}): Promise<HttpResponse> {
  return request({
    method: one.method,
    url: `${registryUrl(server, where)}${one.path}`,
    headers: { authorization, ...(one.type !== undefined && { 'content-type': one.type }) },
    caFile: server.caFile,
    ...(one.body !== undefined && { body: one.body }),
  })
}

test('a principal with AcrPull is given what it may do of what it asks, with no error', async () => {
  const scopes = [everything, 'repository:team/app:*', 'registry:catalog:*', 'repository:brand/new:push,delete']
  const granted = grantedBy(await accessToken(server, credential, scopes))
  assert.deepEqual(granted['repository:team/app'], ['metadata_read', 'pull'])
  assert.deepEqual(granted['registry:catalog'], ['*'])
  assert.deepEqual(granted['repository:brand/new'] ?? [], [])
})

for (const one of attempts) {
  test(`a principal with AcrPull cannot ${one.what}`, async () => {
    const scope = `repository:${one.repository ?? 'team/app'}:${one.actions}`
    const access = await accessToken(server, credential, [everything, scope])
    assertDenied(await attempt(one, `Bearer ${access}`), { loginServer, scope, error: 'insufficient_scope' })
    assertUnauthorizedBody(await attempt(one, basic(reader.appId, reader.password)))
  })
}

test('nothing of what was denied has left a trace', async () => {
  const properties = (await get(server, '/acr/v1/team/app', owner)).json()
  assert.partialDeepStrictEqual(properties, {
    manifestCount: 1,
    tagCount: 1,
    changeableAttributes: { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true },
  })
  const tag = (await get(server, '/acr/v1/team/app/_tags/1', owner)).json()
  assert.partialDeepStrictEqual(at(tag, 'tag'), { digest: image.digest, changeableAttributes: { writeEnabled: true } })
  assert.equal((await get(server, `/v2/team/app/blobs/${digestOf(foreign)}`, owner)).status, 404)
  assert.equal((await get(server, '/acr/v1/brand/new', owner)).status, 404)
  const status = await get(server, uploadPath.pathname + uploadPath.search, owner)
  assert.equal(status.status, 204)
  assert.match(String(status.headers.range), /^0-(0|-1)$/)
})

test('a principal with AcrPull on one registry can neither sign in to another nor read it', async () => {
  const tokens = await tokensOf(server, reader, [everything])
  assertUnauthorizedBody(await askExchange(server, tokens.identity, there))
  assertUnauthorizedBody(await askAccessToken(server, { refreshToken: tokens.refresh }, [everything], there))

  const byName = await askAccessToken(server, credential, [everything, 'registry:catalog:*'], there)
  if (byName.status === 200) {
    const access = stringAt(byName.json(), 'access_token')
    assert.deepEqual(Object.values(grantedBy(access)).flat(), [])
    const denied = await get(server, '/v2/team/app/manifests/1', `Bearer ${access}`, there)
    assertDenied(denied, { ...there, scope: 'repository:team/app:pull', error: 'insufficient_scope' })
  } else assertUnauthorizedBody(byName)
  assertUnauthorizedBody(await get(server, '/v2/team/app/manifests/1', basic(reader.appId, reader.password), there))
})

test('a token of one registry is invalid at another, for every scope', async () => {
  const bearer = `Bearer ${await accessToken(server, credential, [everything, 'registry:catalog:*'])}`
  const read: Record<string, string | undefined> = {
    '/v2/': undefined,
    '/v2/team/app/manifests/1': 'repository:team/app:pull',
    [`/v2/team/app/blobs/${image.config.digest}`]: 'repository:team/app:pull',
    '/v2/team/app/tags/list': 'repository:team/app:metadata_read',
    '/acr/v1/team/app/_manifests': 'repository:team/app:metadata_read',
    '/v2/_catalog': 'registry:catalog:*',
  }
  for (const [path, scope] of Object.entries(read)) {
    const denied = await get(server, path, bearer, there)
    assertDenied(denied, { ...there, ...(scope !== undefined && { scope }), error: 'invalid_token' })
  }
  const ownersHere = `Bearer ${await accessToken(
    server,
    { username: servicePrincipal.appId, password: servicePrincipal.password },
    [everything],
  )}`
  for (const one of attempts.filter(({ repository }) => repository === undefined)) {
    const scope = `repository:team/app:${one.actions}`
    assertDenied(await attempt(one, ownersHere, there), { ...there, scope, error: 'invalid_token' })
  }
  assert.equal((await get(server, '/v2/team/app/manifests/1', owner, there)).status, 200)
})

test('a principal with AcrPull sees no registry in ARM, and manages none', async () => {
  const properties = { adminUserEnabled: true }
  const assignment = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles.owner}`
  const denials: [method: string, path: string, body?: unknown][] = [
    ['GET', registryId(server)],
    ['PATCH', registryId(server), { properties }],
    ['PUT', registryId(server), { location: 'local', sku: { name: 'Premium' }, properties }],
    ['PUT', registryId(server, 'another'), { location: 'local', sku: { name: 'Basic' }, properties: {} }],
    ['DELETE', registryId(server)],
    ['POST', `${registryId(server)}/listCredentials`],
    ['POST', `${registryId(server)}/regenerateCredential`, { name: 'password' }],
    ['GET', `${registryId(server)}/listUsages`],
    ['PUT', assignment, { properties: { roleDefinitionId, principalId: reader.objectId } }],
    ['PUT', resourceGroupId(server), { location: 'local' }],
    ['DELETE', resourceGroupId(server)],
  ]
  for (const [method, path, body] of denials) {
    assertManagementDenied(await arm(as(server, reader), method, path, body), 403, /^AuthorizationFailed$/)
  }
  const listed = await arm(
    as(server, reader),
    'GET',
    `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/registries`,
  )
  assert.equal(listed.status, 200)
  assert.deepEqual(listAt(listed.json(), 'value'), [])
  assert.partialDeepStrictEqual((await arm(server, 'GET', registryId(server))).json(), {
    properties: { adminUserEnabled: false },
  })
})

test('a principal with AcrPull adds no secret in the directory and deletes no principal', async () => {
  const victim = await createServicePrincipal(server, 'victim')
  const secret = { passwordCredential: { displayName: 'stolen' } }
  const denials: [method: string, path: string, body?: unknown][] = [
    ['POST', `/applications/${victim.applicationObjectId}/addPassword`, secret],
    ['POST', `/servicePrincipals/${victim.objectId}/addPassword`, secret],
    ['DELETE', `/servicePrincipals/${victim.objectId}`],
    ['DELETE', `/applications/${victim.applicationObjectId}`],
  ]
  for (const [method, path, body] of denials) {
    assertManagementDenied(await graph(as(server, reader), method, path, body), 403, /^Authorization_RequestDenied$/)
  }
})
