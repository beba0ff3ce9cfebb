import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  createServicePrincipal,
  expectStatus,
  principalWithRole,
  assignRole,
  registryId,
  removeRole,
  roles,
  setAnonymousPull,
} from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, basic, digestOf, get, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const softDelete = { softDeletePolicy: { status: 'enabled', retentionDays: 7 } }
expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { policies: softDelete } }), 200)

function send(method: string, path: string, authorization: string, body: unknown): Promise<HttpResponse> {
  return request({
    method,
    url: `${registryUrl(server)}${path}`,
    headers: { authorization, 'content-type': 'application/json' },
    caFile: server.caFile,
    body: JSON.stringify(body),
  })
}

const bulk = (authorization: string, operations: readonly object[]) =>
  send('POST', '/acr/v1/_bulk', authorization, { operations })

type Result = { readonly status: number; readonly code: unknown; readonly reference: string; readonly message: unknown }

async function resultsOf(authorization: string, operations: readonly object[]): Promise<readonly Result[]> {
  const answer = expectStatus(await bulk(authorization, operations), 200)
  return listAt(answer.json(), 'results').map((result) => ({
    status: Number(at(result, 'status')),
    reference: stringAt(result, 'reference'),
    code: at(result, 'error', 'code'),
    message: at(result, 'error', 'message'),
  }))
}

const deletion = (repository: string, reference: string) => ({ operation: 'deleteManifest', repository, reference })

async function tagsOf(repository: string): Promise<readonly string[]> {
  const answer = await get(server, `/v2/${repository}/tags/list`, owner)
  return answer.status === 404 ? [] : listAt(answer.json(), 'tags').map(String)
}

async function pushSeveral(repository: string, count: number): Promise<readonly string[]> {
  const digests: string[] = []
  for (let index = 0; index < count; index += 1) {
    const image = { tag: `v${index}`, layers: [Buffer.from(`${repository} ${index}`)] }
    digests.push((await pushImage(server, repository, image, owner)).digest)
  }
  return digests
}

test('of 50 deleted images, the locked image is named with the reason, and the others are restored together', async () => {
  const repository = 'bulk/fifty'
  const digests = await pushSeveral(repository, 50)
  const locked = digests[20] ?? ''
  const lock = { operation: 'setAttributes', repository, reference: 'v20', attributes: { deleteEnabled: false } }
  assert.deepEqual(
    (await resultsOf(owner, [lock])).map(({ status }) => status),
    [200],
  )
  const results = await resultsOf(
    owner,
    digests.map((digest) => deletion(repository, digest)),
  )
  assert.deepEqual(
    results.filter(({ status }) => status !== 202),
    [
      {
        status: 405,
        reference: locked,
        code: 'REGISTRY_DISALLOWED_OPERATION',
        message: 'a tag of the manifest is locked',
      },
    ],
  )
  assert.equal(results.length, 50)
  assert.deepEqual(await tagsOf(repository), ['v20'])
  const restorations = digests.flatMap((reference, index) =>
    reference === locked ? [] : [{ operation: 'restoreManifest', repository, reference, tag: `v${index}` }],
  )
  const restored = await resultsOf(owner, restorations)
  assert.deepEqual(new Set(restored.map(({ status }) => status)), new Set([200]))
  assert.equal((await tagsOf(repository)).length, 50)
})

test('each operation needs the permission of its own route', async () => {
  const repository = 'bulk/rights'
  const [digest = ''] = await pushSeveral(repository, 1)
  await pushSeveral('bulk/other', 1)
  const operations = [
    deletion(repository, digest),
    { operation: 'deleteTag', repository, reference: 'v0' },
    { operation: 'setAttributes', repository, reference: 'v0', attributes: { writeEnabled: false } },
    { operation: 'restoreManifest', repository, reference: digest },
    deletion('bulk/none', digestOf(Buffer.from('none'))),
  ]
  const puller = await principalWithRole(server, 'bulk-puller', roles.acrPull)
  const denied = ['UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED']
  const codesFor = async (authorization: string) =>
    (await resultsOf(authorization, operations)).map(({ code, status }) => code ?? status)
  assert.deepEqual(await codesFor(basic(puller.appId, puller.password)), denied)
  const everywhere = { username: servicePrincipal.appId, password: servicePrincipal.password }
  const other = await accessToken(server, everywhere, ['repository:bulk/other:delete,metadata_write'])
  assert.deepEqual(await codesFor(`Bearer ${other}`), denied, 'a token permits only what it contains')
  await setAnonymousPull(server, true)
  const anonymous = await accessToken(server, 'anonymous', [`repository:${repository}:pull`])
  assert.deepEqual(await codesFor(`Bearer ${anonymous}`), denied)
  await setAnonymousPull(server, false)
  assert.deepEqual(await tagsOf(repository), ['v0'])
  const writer = await accessToken(server, everywhere, [`repository:${repository}:metadata_write`])
  assert.deepEqual(await codesFor(`Bearer ${writer}`), [
    'UNAUTHORIZED',
    202,
    'TAG_UNKNOWN',
    'UNAUTHORIZED',
    'UNAUTHORIZED',
  ])
})

test('a caller without credentials is asked for them before its operations are read', async () => {
  const answer = await request({
    method: 'POST',
    url: `${registryUrl(server)}/acr/v1/_bulk`,
    headers: { 'content-type': 'application/json' },
    caFile: server.caFile,
    body: '{}',
  })
  assert.equal(answer.status, 401)
})

test('a permission that is revoked during a request stops its next operations', async () => {
  const repository = 'bulk/revoked'
  const principal = await createServicePrincipal(server, 'bulk-revoked')
  const authorization = basic(principal.appId, principal.password)
  const isGone = async () => (await get(server, `/v2/${repository}/manifests/marker`, owner)).status === 404
  let interrupted: readonly Result[] | undefined
  // A request that ends before its permission is revoked shows nothing.
  await until('a request was interrupted', async () => {
    await pushImage(server, repository, 'marker', owner)
    await pushImage(server, repository, 'kept', owner)
    const assignment = await assignRole(server, principal.objectId, roles.owner, registryId(server))
    const attributes = [false, true].map((listEnabled) => ({ listEnabled }))
    const running = resultsOf(authorization, [
      { operation: 'deleteTag', repository, reference: 'marker' },
      ...Array.from({ length: 199 }, (_, index) => ({
        operation: 'setAttributes',
        repository,
        reference: 'kept',
        attributes: attributes[index % 2],
      })),
    ])
    await until('the first operation is done', isGone)
    await removeRole(server, assignment)
    const before = await attributesNow(repository)
    const results = await running
    assert.deepEqual(await attributesNow(repository), before, 'nothing changed after the revocation was answered')
    if (results.some(({ status }) => status === 401)) interrupted = results
    return interrupted !== undefined
  })
  const statuses = (interrupted ?? []).map(({ status }) => status)
  const denials = statuses.slice(statuses.findIndex((status) => status >= 400))
  assert.equal(statuses.length, 200)
  assert.ok(
    denials.every((status) => status >= 400),
    denials.join(' '),
  )
})

async function attributesNow(repository: string): Promise<unknown> {
  return at((await get(server, `/acr/v1/${repository}/_tags/kept`, owner)).json(), 'tag', 'changeableAttributes')
}

test('more operations than a request can have are rejected with the next step', async () => {
  const operation = deletion('bulk/many', digestOf(Buffer.from('none')))
  const answer = await bulk(
    owner,
    Array.from({ length: 501 }, () => operation),
  )
  assert.equal(answer.status, 400)
  assert.match(answer.text(), /500 operations, and this request has 501: send several requests/)
})
