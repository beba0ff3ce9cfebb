import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, armToken, principalWithRole, registryId, resourceGroupId, roles } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { outputUpToNow } from '../harness/log.ts'
import { accessToken, basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { openWire, valuesOf, type WireRequest } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer, servicePrincipal, subscriptionId, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
await pushImage(server, 'team/secret', '1', owner)
const puller = await principalWithRole(server, 'puller', roles.acrPull)
const bearer = `Bearer ${await accessToken(server, { username: puller.appId, password: puller.password }, ['repository:team/app:pull,metadata_read'])}`
const forArm = `Bearer ${await armToken(server)}`
const forGraph = `Bearer ${await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)}`
const layer = image.layers[0]?.digest ?? ''
const credentials = `grant_type=client_credentials&client_id=${servicePrincipal.appId}&scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default`
const formHeaders = [['Content-Type', 'application/x-www-form-urlencoded'] as const]
const jsonHeaders = [['Content-Type', 'application/json'] as const]

/** One request of each kind, by what it is a request for. */
const requests: Record<string, WireRequest> = {
  'the version check': { target: '/v2/', authorization: owner },
  'the version check without credentials': { target: '/v2/' },
  'a manifest': { target: '/v2/team/app/manifests/1', authorization: bearer },
  'the head of a manifest': { method: 'HEAD', target: '/v2/team/app/manifests/1', authorization: bearer },
  'a manifest that is not there': { target: '/v2/team/app/manifests/2', authorization: bearer },
  'a manifest without a right': { target: '/v2/team/secret/manifests/1', authorization: bearer },
  'a blob': { target: `/v2/team/app/blobs/${layer}`, authorization: bearer },
  'a part of a blob': {
    target: `/v2/team/app/blobs/${layer}`,
    authorization: bearer,
    headers: [['Range', 'bytes=0-3']],
  },
  'no part of a blob': {
    target: `/v2/team/app/blobs/${layer}`,
    authorization: bearer,
    headers: [['Range', 'bytes=9999-']],
  },
  'the tags': { target: '/v2/team/app/tags/list?n=1', authorization: bearer },
  'the catalog': { target: '/v2/_catalog?n=1', authorization: owner },
  'the catalog of ACR': { target: '/acr/v1/_catalog?n=1', authorization: owner },
  'the referrers': { target: `/v2/team/app/referrers/${image.digest}?artifactType=x`, authorization: bearer },
  'the properties of a repository': { target: '/acr/v1/team%2Fapp', authorization: bearer },
  'the properties of a tag': { target: '/acr/v1/team%2Fapp/_tags/1', authorization: bearer },
  'the beginning of an upload': { method: 'POST', target: '/v2/team/app/blobs/uploads/', authorization: owner },
  'a mount': {
    method: 'POST',
    target: `/v2/team/other/blobs/uploads/?mount=${layer}&from=team/app`,
    authorization: owner,
  },
  'a push': {
    method: 'PUT',
    target: '/v2/team/app/manifests/2x',
    authorization: owner,
    headers: [['Content-Type', image.mediaType]],
    body: image.manifest,
  },
  'a wrong push': { method: 'PUT', target: '/v2/team/app/manifests/3', authorization: owner, body: '{}' },
  'an untagging': { method: 'DELETE', target: '/acr/v1/team%2Fapp/_tags/2x', authorization: owner },
  'a method that is not there': { method: 'PUT', target: '/v2/team/app/tags/list', authorization: owner },
  'a path that is not there': { target: '/v2/team/app/nothing', authorization: owner },
  'a token': { target: `/oauth2/token?service=${loginServer}&scope=repository:team/app:pull`, authorization: owner },
  'a token denied': { target: `/oauth2/token?service=${loginServer}`, authorization: basic('nobody', 'wrong') },
  'a token that is wrongly asked for': {
    method: 'POST',
    target: '/oauth2/token',
    headers: formHeaders,
    body: 'grant_type=x',
  },
  'an exchange denied': {
    method: 'POST',
    target: '/oauth2/exchange',
    headers: formHeaders,
    body: `grant_type=access_token&service=${loginServer}&access_token=x`,
  },
  'the keys of tokens': { target: '/oauth2/keys' },
  'an identity token': {
    method: 'POST',
    target: `/${tenantId}/oauth2/v2.0/token`,
    headers: formHeaders,
    body: `${credentials}&client_secret=${encodeURIComponent(servicePrincipal.password)}`,
  },
  'an identity token denied': {
    method: 'POST',
    target: `/${tenantId}/oauth2/v2.0/token`,
    headers: formHeaders,
    body: `${credentials}&client_secret=wrong`,
  },
  'the configuration of the provider': { target: `/${tenantId}/v2.0/.well-known/openid-configuration` },
  'the cloud': { target: '/metadata/endpoints?api-version=2022-09-01' },
  'the subscriptions': { target: '/subscriptions?api-version=2022-12-01', authorization: forArm },
  'a registry': { target: `${registryId(server)}?api-version=2025-03-01-preview`, authorization: forArm },
  'a registry without credentials': { target: `${registryId(server)}?api-version=2025-03-01-preview` },
  'a registry that is not there': {
    target: `${registryId(server, 'none1')}?api-version=2025-03-01-preview`,
    authorization: forArm,
  },
  'a resource group': { target: `${resourceGroupId(server)}?api-version=2024-11-01`, authorization: forArm },
  'a wrong change': {
    method: 'PATCH',
    target: `${registryId(server)}?api-version=2025-03-01-preview`,
    authorization: forArm,
    headers: jsonHeaders,
    body: '[',
  },
  'the service principals': { target: '/graph/v1.0/servicePrincipals', authorization: forGraph },
  'the service principals without credentials': { target: '/graph/v1.0/servicePrincipals' },
  health: { target: '/healthz' },
  readiness: { target: '/readyz' },
  'the certificate authority': { target: '/ca.pem' },
  nothing: { target: '/nothing/at/all' },
}

/** Every header that the server has a reason to send. [acr-protocol §1.10, §1.12; arm-facts §6; RFC 9110] */
const allowed = new Set([
  'accept-ranges',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'allow',
  'api-supported-versions',
  'cache-control',
  'connection',
  'content-length',
  'content-range',
  'content-security-policy',
  'content-type',
  'date',
  'docker-content-digest',
  'docker-distribution-api-version',
  'docker-upload-uuid',
  'etag',
  'expires',
  'keep-alive',
  'last-modified',
  'link',
  'location',
  'oci-filters-applied',
  'oci-subject',
  'oci-tag',
  'odata-version',
  'pragma',
  'range',
  'retry-after',
  'strict-transport-security',
  'transfer-encoding',
  'vary',
  'www-authenticate',
  'x-content-type-options',
  'x-ms-client-request-id',
  'x-ms-correlation-request-id',
  'x-ms-int-docker-content-digest',
  'x-ms-request-id',
  'x-ms-routing-request-id',
])

/** Each request's answer, asked once. */
const answers = new Map<string, HttpResponse>()
for (const [what, request] of Object.entries(requests)) answers.set(what, await wire.send(request))

test('fault 22: no response has a header that reveals more than necessary', () => {
  const strange: string[] = []
  for (const [what, answer] of answers) {
    assert.ok(answer.status < 500, `${what}: ${answer.status}`)
    for (const name of Object.keys(answer.headers)) if (!allowed.has(name)) strange.push(`${what}: ${name}`)
    const text = answer.rawHeaders.join('\n')
    assert.ok(!text.includes('team/secret') || what === 'a manifest without a right', what)
    assert.ok(!/node|fastify|express|undici|sqlite|\/tmp\/|acrux-data|blobs\/sha256\//i.test(text), `${what}: ${text}`)
  }
  assert.deepEqual(strange, [])
})

test('fault 22: a blob is answered where it was asked for, and no answer sends a client elsewhere', () => {
  assert.equal(answers.get('a blob')?.status, 200)
  assert.equal(answers.get('a part of a blob')?.status, 206)
  for (const [what, answer] of answers) {
    assert.ok(answer.status < 300 || answer.status >= 400, `${what}: ${answer.status}`)
    const location = answer.headers.location
    if (location !== undefined) assert.match(location, /^\/v2\/[^/]/, what)
  }
})

test('fault 22: every answer says that its type is not to be guessed, and no error is a page that a browser runs', () => {
  for (const [what, answer] of answers) {
    assert.equal(answer.headers['x-content-type-options'], 'nosniff', what)
    const type = answer.headers['content-type'] ?? ''
    assert.ok(!/html|javascript|svg|xml/.test(type), `${what}: ${type}`)
    assert.ok(answer.headers['x-ms-correlation-request-id'] !== undefined, `${what} has no correlation id`)
  }
})

test('fault 22: a browser runs no response of the data plane', () => {
  const isDataPlane = (target: string): boolean => /^\/(v2|acr)\//.test(target)
  const ofDataPlane = [...answers].filter(([what]) => isDataPlane(requests[what]?.target ?? ''))
  assert.ok(ofDataPlane.length > 20)
  for (const [what, answer] of ofDataPlane) {
    const directives = String(answer.headers['content-security-policy']).split('; ')
    assert.deepEqual(directives, ['sandbox', "default-src 'none'", "frame-ancestors 'none'"], what)
  }
})

test('fault 22: what a client writes into a manifest or a path cannot write a header', async () => {
  const subject = { mediaType: 'text/html\r\nSet-Cookie: a=b', digest: image.digest, size: 1 }
  const body = JSON.stringify({
    schemaVersion: 2,
    config: image.config,
    layers: [],
    subject,
    artifactType: 'x\r\nA: b',
  })
  const put = { method: 'PUT', target: '/v2/team/app/manifests/odd', authorization: owner, body }
  const pushed = await wire.send({ ...put, headers: [['Content-Type', image.mediaType]] })
  assert.equal(pushed.status, 400)
  const targets = [
    '/v2/team/app/manifests/1%0d%0aSet-Cookie:%20a=b',
    '/v2/team%0d%0aSet-Cookie:%20a=b/manifests/1',
    `/v2/team/app/referrers/${image.digest}?artifactType=%0d%0aSet-Cookie:%20a=b`,
    '/v2/team/app/tags/list?n=1&last=%0d%0aSet-Cookie:%20a=b',
    '/acr/v1/_catalog?n=1&orderby=%0d%0aSet-Cookie:%20a=b',
    '/oauth2/token?service=%0d%0aSet-Cookie:%20a=b',
  ]
  for (const target of targets) {
    const answer = await wire.send({ target, authorization: owner })
    assert.ok(answer.status < 500, target)
    assert.equal(answer.headers['set-cookie'], undefined, target)
  }
  const echoed = [['X-Ms-Client-Request-Id', 'a b;<script>"\u00ff'] as const]
  const odd = await wire.send({ target: '/v2/', authorization: owner, headers: echoed })
  assert.equal(odd.headers['x-ms-client-request-id'], undefined)
})

test('fault 38: a response that depends on the caller tells caches so', () => {
  for (const [what, answer] of answers) {
    const { authorization } = requests[what] ?? {}
    if (authorization === undefined) continue
    const cacheControl = valuesOf(answer, 'cache-control').join(', ')
    const vary = valuesOf(answer, 'vary').join(', ').toLowerCase()
    const isPrivate = /no-store|no-cache|private/.test(cacheControl)
    assert.ok(isPrivate || vary.includes('authorization'), `${what}: Cache-Control ${cacheControl}; Vary ${vary}`)
    assert.ok(!/public|s-maxage/.test(cacheControl), `${what}: Cache-Control ${cacheControl}`)
  }
})

test('fault 38: the data plane varies by Origin, Authorization and Accept, for every status', () => {
  for (const [what, answer] of answers) {
    const { target } = requests[what] ?? { target: '' }
    if (!/^\/(v2|acr)\//.test(target)) continue
    const names = valuesOf(answer, 'vary').join(',').toLowerCase().split(/, */)
    for (const name of ['origin', 'authorization', 'accept'])
      assert.ok(names.includes(name), `${what}: ${names.join()}`)
  }
})

test('fault 38: no response with a token or a secret may be cached', async () => {
  const listed = await arm(server, 'POST', `${registryId(server)}/listCredentials`)
  for (const [what, answer] of [
    ['a token', answers.get('a token')],
    ['an identity token', answers.get('an identity token')],
    ['admin passwords', listed],
  ] as const) {
    assert.match(String(answer?.headers['cache-control']), /no-store|no-cache/, what)
  }
  assert.match(String(answers.get('an identity token')?.headers['cache-control']), /no-store/)
})

test('fault 38: what one principal was given is not given to another by a condition', async () => {
  const etag = `"${image.digest}"`
  const conditions: (readonly [string, string])[] = [
    ['If-None-Match', etag],
    ['If-None-Match', '*'],
    ['If-Modified-Since', new Date(Date.now() + 1000).toUTCString()],
    ['If-Range', etag],
    ['X-Original-URL', '/v2/team/app/manifests/1'],
    ['X-Rewrite-URL', '/v2/team/app/manifests/1'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['X-Forwarded-User', servicePrincipal.appId],
    ['X-MS-Client-Principal', 'e30='],
  ]
  for (const header of conditions) {
    for (const authorization of [undefined, bearer, basic('nobody', 'wrong')]) {
      for (const target of ['/v2/team/secret/manifests/1', `/v2/team/secret/blobs/${layer}`, '/acr/v1/team%2Fsecret']) {
        const answer = await wire.send({ target, authorization, headers: [header] })
        assert.equal(answer.status, 401, `${header.join(': ')} ${target}`)
      }
    }
    const allowedAnswer = await wire.send({
      target: '/v2/team/app/manifests/1',
      authorization: bearer,
      headers: [header],
    })
    assert.ok([200, 304].includes(allowedAnswer.status), header.join(': '))
  }
  assert.equal((await wire.send({ target: '/v2/team/app/manifests/1', authorization: owner })).status, 200)
})

test('fault 38: no surface allows a page of another origin, except to read what is the same for all at the provider', async () => {
  const cors = [
    ['Origin', 'https://evil.example.com'],
    ['Access-Control-Request-Method', 'GET'],
    ['Access-Control-Request-Headers', 'authorization'],
  ] as const
  for (const [what, request] of Object.entries(requests)) {
    for (const method of ['OPTIONS', request.method ?? 'GET']) {
      if (method !== 'OPTIONS' && method !== 'GET') continue
      const sent = { target: request.target, authorization: request.authorization, method, headers: cors }
      const answer = await wire.send(sent)
      assert.ok(answer.status < 500, `${method} ${what}: ${answer.status}`)
      const isOpen = method === 'GET' && what === 'the configuration of the provider'
      assert.equal(answer.headers['access-control-allow-origin'], isOpen ? '*' : undefined, `${method} ${what}`)
      assert.equal(answer.headers['access-control-allow-credentials'], undefined, `${method} ${what}`)
    }
  }
})

test('fault 22: what a request says of its host does not find its way into what others are sent to', async () => {
  const claims = [
    ['X-Forwarded-Host', 'evil.example.com'],
    ['X-Forwarded-Proto', 'http'],
    ['X-Forwarded-Port', '1'],
    ['X-Forwarded-Prefix', '/evil'],
    ['Forwarded', 'host=evil.example.com;proto=http'],
    ['X-Host', 'evil.example.com'],
    ['X-Original-Host', 'evil.example.com'],
  ] as const
  for (const [what, request] of Object.entries(requests)) {
    const answer = await wire.send({ ...request, headers: [...(request.headers ?? []), ...claims] })
    const all = answer.rawHeaders.join('\n') + answer.text()
    assert.ok(!all.includes('evil'), what)
    assert.ok(!all.includes('http://'), `${what}: ${/http:\/\/.{0,60}/.exec(all)?.[0]}`)
  }
  for (const host of ['evil.example.com', `evil.azurecr.localhost:${server.port}`, `${loginServer}.evil.example.com`]) {
    for (const target of ['/v2/', '/v2/team/app/manifests/1', `/oauth2/token?service=${host}`]) {
      const answer = await wire.send({ target, host, authorization: owner })
      assert.ok(answer.status === 404 || answer.status === 400 || answer.status === 421, `${host}: ${answer.status}`)
      assert.ok(!answer.rawHeaders.join('\n').includes('evil'))
    }
  }
  const elsewhere = await wire.send({
    target: `/subscriptions/${subscriptionId}?api-version=2022-12-01`,
    host: 'evil.example.com',
    authorization: forArm,
  })
  assert.ok(!elsewhere.rawHeaders.join('\n').includes('evil'))
})

test('fault 52: without a proxy that is listed, what a request says of where it came from is not believed', async () => {
  const said = server.output().length
  const forged = [
    ['X-Forwarded-For', '203.0.113.7'],
    ['X-Real-IP', '203.0.113.7'],
    ['Forwarded', 'for=203.0.113.7'],
    ['CF-Connecting-IP', '203.0.113.7'],
    ['True-Client-IP', '203.0.113.7'],
    ['X-Client-IP', '203.0.113.7'],
  ] as const
  for (const header of forged) await wire.send({ target: '/v2/', authorization: owner, headers: [header] })
  const lines = (await outputUpToNow(server)).slice(said)
  assert.ok(lines.includes('127.0.0.1'))
  assert.ok(!lines.includes('203.0.113.7'))
})
