import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import {
  arm,
  armScope,
  armToken,
  as,
  createServicePrincipal,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  roles,
} from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { EmulatorEnded, startEmulator } from '../harness/emulator.ts'
import { form, request } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { cookieOf, pageVisitor } from '../harness/page-visitor.ts'
import { askToken, signInPerson } from '../harness/person.ts'
import {
  accessToken,
  askAccessToken,
  basic,
  exchange,
  get,
  nullGuid,
  pushImage,
  registryUrl,
} from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'

const minuteMs = 60_000
const emulator = await startEmulator()
after(() => emulator[Symbol.asyncDispose]())
const server = emulator.server()
const owner = server.firstRun.servicePrincipal
const asOwner = { username: owner.appId, password: owner.password }
const issuer = 'https://ci.example.com'
const pulling = ['repository:team/app:pull,push']

type ClockRequest = { readonly method: string; readonly path: string; readonly body?: unknown }

const clock = (method: string, path: string, body?: unknown) => ask(200, { method, path, body })

async function ask(status: number, { method, path, body }: ClockRequest): Promise<unknown> {
  const answer = await emulator.control(
    method,
    `/_acrux/clock${path}`,
    body === undefined ? undefined : JSON.stringify(body),
  )
  assert.equal(answer.status, status, JSON.stringify(answer.json))
  return answer.json
}

const advance = (by: string) => clock('POST', '/advance', { by })

async function now(): Promise<number> {
  return Date.parse(stringAt(await clock('GET', ''), 'now'))
}

/** The status of a request for an absent manifest: 404 for a token that is accepted. */
async function statusOf(token: string): Promise<number> {
  return (await get(server, '/v2/team/app/manifests/absent', `Bearer ${token}`)).status
}

/** The status of a pull of a manifest. */
async function statusOfManifest(reference: string, authorization: string): Promise<number> {
  const headers = { authorization, accept: 'application/vnd.oci.image.manifest.v1+json' }
  const url = `${registryUrl(server)}/v2/team/app/manifests/${reference}`
  return (await request({ url, headers, caFile: server.caFile })).status
}

async function statusOfArm(token: string): Promise<number> {
  return (await arm(as(server, token), 'GET', registryId(server))).status
}

beforeEach(async () => {
  assert.equal((await emulator.control('POST', '/_acrux/state/reset')).status, 204)
})

test('the clock shows the time of the machine, and can be moved, set and frozen', async () => {
  const startMs = await now()
  assert.ok(Math.abs(startMs - Date.now()) < minuteMs)
  const moved = await advance('3h')
  const movedMs = Date.parse(stringAt(moved, 'now'))
  assert.ok(movedMs >= startMs + 180 * minuteMs && movedMs < startMs + 190 * minuteMs)
  assert.deepEqual(await clock('PUT', '', { now: '2030-01-01T00:00:00Z', frozen: true }), {
    now: '2030-01-01T00:00:00.000Z',
    frozen: true,
  })
  assert.deepEqual(await advance('PT30M'), { now: '2030-01-01T00:30:00.000Z', frozen: true })
  assert.deepEqual(await clock('GET', ''), { now: '2030-01-01T00:30:00.000Z', frozen: true })
  assert.equal(at(await clock('PUT', '', { frozen: false }), 'frozen'), false)
})

test('a request to the clock that is not understood says what to send', async () => {
  // prettier-ignore
  const table: readonly (readonly [method: string, path: string, body: unknown, message: RegExp])[] = [
    ['PUT',  '',         {},                          /send 'now', 'frozen' or both/],
    ['PUT',  '',         { now: 'yesterday' },        /now must be a time such as/],
    ['PUT',  '',         { frozen: 1 },               /'frozen' must be true or false/],
    ['POST', '/advance', { by: '-10m' },              /PUT \/_acrux\/clock/],
    ['POST', '/advance', { by: 3 },                   /'by' must be a duration such as/],
    ['POST', '/advance', { by: '1h', unit: 'h' },     /"unit" is not known/],
    ['POST', '/advance', { by: '54750d'.repeat(2) },  /'by' must be a duration/],
  ]
  const before = await now()
  for (const [method, path, body, message] of table) {
    const json = await ask(400, { method, path, body })
    assert.equal(stringAt(json, 'error', 'code'), 'InvalidRequest')
    assert.match(stringAt(json, 'error', 'message'), message)
  }
  const { status, json } = await emulator.control('PUT', '/_acrux/clock', '{"now":')
  assert.deepEqual([status, stringAt(json, 'error', 'code')], [400, 'InvalidRequest'])
  assert.ok((await now()) - before < 10 * minuteMs, 'nothing moved')
})

test('tokens expire as the clock moves', async () => {
  const forArm = await armToken(server)
  const refreshToken = await exchange(server, forArm)
  const token = await accessToken(server, { refreshToken }, pulling)
  assert.deepEqual([await statusOfArm(forArm), await statusOf(token)], [200, 404])
  await advance('61m')
  assert.deepEqual([await statusOfArm(forArm), await statusOf(token)], [401, 404])
  await advance('15m')
  assert.equal(await statusOf(token), 401, 'an ACR access token after 76 minutes')
  assert.equal((await askAccessToken(server, { refreshToken }, pulling)).status, 200)
  await advance('105m')
  assert.equal(
    (await askAccessToken(server, { refreshToken }, pulling)).status,
    401,
    'a refresh token after 181 minutes',
  )
  const again = { username: nullGuid, password: refreshToken }
  assert.equal((await askAccessToken(server, again, pulling)).status, 401)
})

test('a client secret expires, and the secret of the owner does not', async () => {
  const principal = await principalWithRole(server, 'ci', roles.acrPull)
  const credential = { username: principal.appId, password: principal.password }
  assert.equal((await askAccessToken(server, credential, pulling)).status, 200)
  const startMs = await now()
  await advance('400d')
  assert.equal((await askAccessToken(server, credential, pulling)).status, 401)
  await assert.rejects(armToken(server, principal), /status 401/)
  assert.equal((await askAccessToken(server, asOwner, pulling)).status, 200)
  assert.equal(await statusOfArm(await armToken(server)), 200)
  await clock('PUT', '', { now: new Date(startMs).toISOString() })
  assert.equal((await askAccessToken(server, credential, pulling)).status, 200, 'the clock was set back')
})

test('a password of a scoped token expires', async () => {
  await putScopeMap(server, 'pull-team', ['repositories/team/app/content/read'])
  const { id, username } = await createScopedToken(server, 'device', 'pull-team')
  const expiry = new Date((await now()) + 2 * 24 * 60 * minuteMs).toISOString()
  const made = await arm(server, 'POST', `${registryId(server)}/generateCredentials`, { tokenId: id, expiry })
  const password = stringAt(expectStatus(made, 200).json(), 'passwords', 0, 'value')
  assert.equal((await askAccessToken(server, { username, password }, pulling)).status, 200)
  await advance('2d')
  assert.equal((await askAccessToken(server, { username, password }, pulling)).status, 401)
})

test('ten minutes before their issue, tokens are not valid, used or not', async () => {
  const [used, unused] = [await armToken(server), await armToken(server)]
  const token = await accessToken(server, asOwner, pulling)
  assert.deepEqual([await statusOfArm(used), await statusOf(token)], [200, 404])
  const startMs = await now()
  await clock('PUT', '', { now: new Date(startMs - 10 * minuteMs).toISOString() })
  assert.deepEqual([await statusOfArm(used), await statusOfArm(unused), await statusOf(token)], [401, 401, 401])
  await clock('PUT', '', { now: new Date(startMs + minuteMs).toISOString() })
  assert.deepEqual([await statusOfArm(used), await statusOf(token)], [200, 404])
})

test('a frozen clock lets clients sign in, push and pull as often as they like', async () => {
  await clock('PUT', '', { frozen: true })
  for (let time = 0; time < 20; time += 1) {
    const token = await accessToken(server, asOwner, pulling)
    await pushImage(server, 'team/app', `tag-${time}`, `Bearer ${token}`)
    assert.equal(await statusOfManifest(`tag-${time}`, `Bearer ${token}`), 200)
  }
})

test('an upload and an untagged manifest are deleted when the answer to the move comes', async () => {
  const authorization = basic(owner.appId, owner.password)
  const policies = { retentionPolicy: { status: 'enabled', days: 7 } }
  expectStatus(
    await arm(server, 'PATCH', registryId(server), { sku: { name: 'Premium' }, properties: { policies } }),
    200,
  )
  const untagged = await pushImage(server, 'team/app', 'moving', authorization)
  const kept = await pushImage(server, 'team/app', { tag: 'moving', layers: [Buffer.from('another')] }, authorization)
  const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/`
  const { caFile } = server
  const begun = expectStatus(await request({ method: 'POST', url, headers: { authorization }, caFile }), 202)
  const upload = new URL(begun.headers.location ?? '', url).href
  const statusOfDigest = (digest: string) => statusOfManifest(digest, authorization)
  const statusOfUpload = async () => (await request({ url: upload, headers: { authorization }, caFile })).status
  await advance('6d')
  assert.equal(await statusOfDigest(untagged.digest), 200)
  await advance('2d')
  assert.deepEqual([await statusOfDigest(untagged.digest), await statusOfDigest(kept.digest)], [404, 200])
  assert.equal(await statusOfUpload(), 404)
})

test('a device code expires', async () => {
  const base = `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0`
  const client = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
  const post = (path: string, fields: Record<string, string>) =>
    request({
      method: 'POST',
      url: `${base}/${path}`,
      caFile: server.caFile,
      ...form({ client_id: client, ...fields }),
    })
  const code = expectStatus(await post('devicecode', { scope: 'openid' }), 200).json()
  await advance('16m')
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const polled = await post('token', { grant_type, device_code: stringAt(code, 'device_code') })
  assert.deepEqual([polled.status, stringAt(polled.json(), 'error')], [400, 'expired_token'])
})

test('a workload token expires', async () => {
  const { appId, applicationObjectId } = await createServicePrincipal(server, 'job')
  const trust = { name: 'gitlab', issuer, subject: 'repo:o/r', audiences: ['api://AzureADTokenExchange'] }
  const credentials = `/applications/${applicationObjectId}/federatedIdentityCredentials`
  expectStatus(await graph(server, 'POST', credentials, trust), 201)
  const made = await emulator.control(
    'POST',
    '/_acrux/workload-tokens',
    JSON.stringify({ subject: 'repo:o/r', issuer }),
  )
  const client_assertion = stringAt(made.json, 'token')
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const fields = { grant_type: 'client_credentials', client_id: appId, client_assertion_type, client_assertion }
  const statusOfSignIn = async () => (await askToken(server, { ...fields, scope: armScope })).status
  assert.equal(await statusOfSignIn(), 200)
  await advance('59m')
  assert.equal(await statusOfSignIn(), 200)
  await advance('7h')
  assert.equal(await statusOfSignIn(), 401)
})

test('a session of the portal expires', async () => {
  const person = await createPerson(server, 'ada')
  const visitor = pageVisitor(server)
  await visitor.signIn(await visitor.open('/portal/sign-in'), person)
  const headers = { cookie: cookieOf(visitor.cookies), 'sec-fetch-site': 'same-origin', 'x-acrux-portal': '1' }
  const url = `${server.baseUrl}/portal/api/session`
  const statusOfSession = async () => (await request({ url, headers, caFile: server.caFile })).status
  assert.equal(await statusOfSession(), 200)
  await advance('59m')
  assert.equal(await statusOfSession(), 200, 'each request extends the session')
  await advance('61m')
  assert.equal(await statusOfSession(), 401)
})

test('a person whose sign-ins are revoked can sign in again while the clock is frozen', async () => {
  await clock('PUT', '', { frozen: true })
  const person = await createPerson(server, 'grace')
  const first = await signInPerson(server, person, 'https://management.azure.com')
  assert.equal(await statusOfArm(first.access), 403, 'signed in, without a role')
  expectStatus(await graph(server, 'POST', `/users/${person.id}/revokeSignInSessions`), 200)
  assert.equal(await statusOfArm(first.access), 401)
  const second = await signInPerson(server, person, 'https://management.azure.com')
  assert.equal(await statusOfArm(second.access), 403)
})

test('a reset and a restored snapshot put the clock back', async () => {
  await clock('PUT', '', { now: '2030-01-01T00:00:00Z', frozen: true })
  assert.equal((await emulator.control('POST', '/_acrux/state/snapshots/newyear')).status, 201)
  await advance('5d')
  assert.equal((await emulator.control('POST', '/_acrux/state/snapshots/newyear/restore')).status, 204)
  assert.deepEqual(await clock('GET', ''), { now: '2030-01-01T00:00:00.000Z', frozen: true })
  assert.equal((await emulator.control('POST', '/_acrux/state/reset')).status, 204)
  assert.ok(Math.abs((await now()) - Date.now()) < minuteMs)
  assert.equal(at(await clock('GET', ''), 'frozen'), false)
})

test('--clock starts the clock at a time, even before the build, from which it runs on, also after a reset', async () => {
  await using earlier = await startEmulator({ args: ['--clock', '2020-05-06T07:08:09Z'] })
  const startMs = Date.UTC(2020, 4, 6, 7, 8, 9)
  const nowOf = async () => Date.parse(stringAt((await earlier.control('GET', '/_acrux/clock')).json, 'now'))
  const first = await nowOf()
  assert.ok(first > startMs && first < startMs + 10 * minuteMs)
  assert.ok((await nowOf()) > first)
  const place = earlier.server()
  expectStatus(await arm(place, 'GET', registryId(place)), 200)
  assert.equal((await askAccessToken(place, asOwner, pulling)).status, 200)
  await earlier.control('POST', '/_acrux/clock/advance', '{"by":"1d"}')
  await earlier.control('POST', '/_acrux/state/reset')
  assert.ok((await nowOf()) < startMs + 10 * minuteMs)
  await assert.rejects(
    startEmulator({ args: ['--clock', 'tomorrow'] }),
    (error: unknown) =>
      error instanceof EmulatorEnded && error.code === 2 && /--clock must be a time/.test(error.output),
  )
})
