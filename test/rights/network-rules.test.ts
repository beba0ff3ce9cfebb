import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, createRegistry, enableAdmin, expectStatus, registryId, setAnonymousPull } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at } from '../harness/json.ts'
import { accessToken, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'

// The test is the proxy, so that it can come from anywhere.
const server = await startServer({ args: ['--behind-proxy', '127.0.0.1'] })
after(() => server[Symbol.asyncDispose]())

const admin = await enableAdmin(server)
const owner = basic(admin.username, admin.password)
await setAnonymousPull(server, true)
const { digest } = await pushImage(server, 'team/app', '1', owner)
const inside = '203.0.113.7'
const outside = '198.51.100.1'

interface Asked {
  method?: string
  path: string
  authorization?: string
  from?: string
  loginServer?: string
  body?: string
  headers?: Record<string, string>
}

function ask({
  method = 'GET',
  path,
  authorization,
  from,
  loginServer,
  body,
  headers = {},
}: Asked): Promise<HttpResponse> {
  return request({
    method,
    url: `${registryUrl(server, loginServer === undefined ? {} : { loginServer })}${path}`,
    headers: {
      ...(authorization !== undefined && { authorization }),
      ...(from !== undefined && { 'x-forwarded-for': from }),
      ...headers,
    },
    caFile: server.caFile,
    ...(body !== undefined && { body }),
  })
}

async function setNetwork(properties: object): Promise<void> {
  expectStatus(await arm(server, 'PATCH', registryId(server), { properties }), 200)
}

const fenced = (...values: string[]) =>
  setNetwork({
    publicNetworkAccess: 'Enabled',
    networkRuleSet: { defaultAction: 'Deny', ipRules: values.map((value) => ({ action: 'Allow', value })) },
  })

function assertDenied(answer: HttpResponse, from: string): void {
  assert.equal(answer.status, 403, answer.text())
  assert.deepEqual(answer.json(), {
    errors: [
      {
        code: 'DENIED',
        message: `client with IP '${from}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.`,
        detail: null,
      },
    ],
  })
  assert.equal(answer.headers['www-authenticate'], undefined)
}

const service = server.firstRun.loginServer
const everywhere: readonly Asked[] = [
  { path: '/v2/' },
  { path: '/v2/', authorization: owner },
  { path: '/v2/_catalog', authorization: owner },
  { path: '/v2/team/app/manifests/1', authorization: owner },
  { path: `/v2/team/app/blobs/${digest}`, authorization: owner },
  { path: '/v2/team/app/blobs/uploads/', method: 'POST', authorization: owner },
  { path: '/v2/team/app/manifests/2', method: 'PUT', authorization: owner, body: 'x'.repeat(10_000) },
  { path: `/v2/team/app/manifests/${digest}`, method: 'DELETE', authorization: owner },
  { path: '/acr/v1/team/app', authorization: owner },
  { path: '/acr/v1/team/app', method: 'DELETE', authorization: owner },
  { path: '/v2/nothing/is/here', authorization: basic('nobody', 'wrong') },
  { path: `/oauth2/token?service=${service}`, authorization: owner },
  { path: `/oauth2/token?service=${service}&scope=repository:team/app:pull` },
  { path: '/oauth2/token', method: 'POST', ...form({ grant_type: 'password', service, ...admin }) },
  { path: '/oauth2/exchange', method: 'POST', ...form({ grant_type: 'access_token', service, access_token: 'x' }) },
  { path: '/oauth2/keys' },
]

test('a caller from an address without a rule is denied everywhere, with any credential', async () => {
  await fenced('203.0.113.0/24')
  for (const asked of everywhere) assertDenied(await ask({ ...asked, from: outside }), outside)
  const held = await ask({ path: '/v2/team/app/manifests/1', authorization: owner, from: inside })
  assert.equal(held.status, 200, 'nothing was changed from outside')
})

test('a caller from an address with a rule is treated as without rules', async () => {
  await fenced('203.0.113.0/24')
  for (const asked of everywhere.filter(({ method = 'GET' }) => method === 'GET')) {
    assert.notEqual((await ask({ ...asked, from: inside })).status, 403, asked.path)
  }
  assert.equal((await ask({ path: '/v2/', from: inside })).status, 401)
})

test('the address is taken from the proxy, and not from the client', async () => {
  await fenced('203.0.113.0/24')
  const claimed = await ask({ path: '/v2/', authorization: owner, from: `${inside}, ${outside}` })
  assertDenied(claimed, outside)
  const behind = await ask({ path: '/v2/', authorization: owner, from: `${outside}, ${inside}` })
  assert.equal(behind.status, 200)
})

test('a token issued at an allowed address is invalid at others, and loopback is no exception', async () => {
  await fenced(inside, '127.0.0.1')
  const bearer = `Bearer ${await accessToken(server, admin, ['repository:team/app:pull'])}`
  const pull = (from?: string) =>
    ask({ path: '/v2/team/app/manifests/1', authorization: bearer, ...(from !== undefined && { from }) })
  assert.equal((await pull()).status, 200)
  assert.equal((await pull(inside)).status, 200)
  assertDenied(await pull(outside), outside)
  await fenced(inside)
  assertDenied(await pull(), '127.0.0.1')
  await fenced(inside, '127.0.0.0/8')
  assert.equal((await pull()).status, 200, 'at the next request')
})

test('a registry that is closed to the public network denies all access, with or without rules', async () => {
  await fenced(inside)
  await setNetwork({ publicNetworkAccess: 'Disabled' })
  for (const from of [inside, outside]) assertDenied(await ask({ path: '/v2/', authorization: owner, from }), from)
  assertDenied(await ask({ path: '/v2/', authorization: owner }), '127.0.0.1')
  await setNetwork({ publicNetworkAccess: 'Enabled' })
  assert.equal((await ask({ path: '/v2/', authorization: owner, from: inside })).status, 200)
})

test('the rules are those of their registry alone, and the management of it is reached from everywhere', async () => {
  await fenced(inside)
  const { loginServer } = await createRegistry(server, 'openregistry')
  assert.equal((await ask({ path: '/v2/', from: outside, loginServer })).status, 401)
  const shown = await ask({ path: '/metadata/endpoints?api-version=2022-09-01', from: outside })
  assert.equal(shown.status, 200)
  assert.equal(
    at((await arm(server, 'GET', registryId(server))).json(), 'properties', 'networkRuleSet', 'defaultAction'),
    'Deny',
  )
})
