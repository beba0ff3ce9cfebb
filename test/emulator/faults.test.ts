import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { azHome, signInArguments, useCloud } from '../clients/az/az.ts'
import { assertFails, loggedIn } from '../clients/lib/steps.ts'
import { arm, armToken, createServicePrincipal, enableAdmin, graph } from '../harness/arm.ts'
import { mustRun, requireClient, run } from '../harness/clients.ts'
import { startEmulator } from '../harness/emulator.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, pushBlob, pushImage } from '../harness/registry.ts'

const emulator = await startEmulator()
const server = emulator.server()
const { caFile } = server
const host = emulator.ready.loginServer
after(() => emulator[Symbol.asyncDispose]())

const admin = await enableAdmin(server)
const token = await accessToken(server, admin, ['repository:team/app:pull,push'])
await pushImage(server, 'team/app', '1', `Bearer ${token}`)

async function clear(): Promise<void> {
  for (const fault of await list('faults')) await control(204, 'DELETE', `faults/${stringAt(fault, 'id')}`)
}

beforeEach(clear)

async function control(status: number, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await emulator.control(
    method,
    `/_acrux/${path}`,
    body === undefined ? undefined : JSON.stringify(body),
  )
  assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.json)}`)
  return answer.json
}

async function list(path: string): Promise<readonly unknown[]> {
  const listed = await control(200, 'GET', path)
  assert.ok(Array.isArray(listed))
  return listed
}

/** Sets a fault and returns its id. */
async function set(then: object, match: object = {}, times = 1): Promise<string> {
  return stringAt(await control(201, 'POST', 'faults', { match, times, then }), 'id')
}

/** The id of the last recorded request. */
async function lastId(): Promise<string> {
  return stringAt((await list('requests')).at(-1), 'id')
}

/** The requests that a fault has affected. */
async function affected(id: string): Promise<readonly unknown[]> {
  return (await list('requests')).filter((recorded) => at(recorded, 'fault') === id)
}

const manifestUrl = `${emulator.ready.url}/v2/team/app/manifests/1`
const pullHeaders = { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.manifest.v1+json' }

function pull() {
  return request({ url: manifestUrl, headers: pullHeaders, caFile })
}

test('a fault is set, listed while it lasts and when it is used up, and deleted', async () => {
  const then = { status: 429, retryAfterSeconds: 5 }
  const match = { surface: 'registry', path: '/v2/*/manifests/*', repository: 'team/app', method: 'GET' }
  const id = await set(then, match, 2)
  assert.deepEqual(await list('faults'), [{ id, match, times: 2, then, remaining: 2 }])
  const throttled = await pull()
  assert.equal(throttled.status, 429)
  assert.equal(throttled.headers['retry-after'], '5')
  assert.equal(stringAt(throttled.json(), 'errors', 0, 'code'), 'TOOMANYREQUESTS')
  assert.deepEqual(at(await list('faults'), 0, 'remaining'), 1)
  assert.equal((await pull()).status, 429)
  assert.equal((await pull()).status, 200)
  assert.deepEqual(at(await list('faults'), 0, 'remaining'), 0)
  await control(204, 'DELETE', `faults/${id}`)
  assert.deepEqual(await list('faults'), [])
  await control(404, 'DELETE', `faults/${id}`)
})

test('an invalid fault is rejected with the name of its member', async () => {
  for (const [fault, member] of [
    [{ then: { status: 200 } }, 'then.status'],
    [{ then: { status: 500, delayMs: 1 } }, 'then'],
    [{ match: { host: 'x' }, then: { reset: true } }, 'match'],
    [{ match: { surface: 'portal' }, then: { reset: true } }, 'match.surface'],
  ] as const) {
    const error = await control(400, 'POST', 'faults', fault)
    assert.ok(stringAt(error, 'error', 'message').startsWith(`${member}: `), JSON.stringify(error))
  }
  assert.equal((await emulator.control('POST', '/_acrux/faults', '{')).status, 400)
  assert.equal((await emulator.control('POST', '/_acrux/faults', '{}', 'wrong')).status, 401)
})

test('every example of the documentation is a fault', async () => {
  const page = readFileSync(new URL('../../docs/reference/emulator-faults.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => text)
  const effects = [...page.matchAll(/^\| `(\{.*?\})` /gm)].map(
    ([, then = '']) => `{"match":{"path":"/none"},"then":${then}}`,
  )
  assert.ok(blocks.length >= 3 && effects.length >= 9)
  for (const document of [...blocks, ...effects]) await control(201, 'POST', 'faults', JSON.parse(document))
})

test('each surface answers a fault in its own format', async () => {
  const principal = await createServicePrincipal(server, 'formats')
  const armBearer = await armToken(server, principal, 'https://management.core.windows.net//.default')
  await set({ status: 429, retryAfterSeconds: 1 }, { surface: 'arm' })
  const armAnswer = await arm({ server, caller: armBearer }, 'GET', '/subscriptions')
  assert.deepEqual([armAnswer.status, at(armAnswer.json(), 'error', 'code')], [429, 'TooManyRequests'])

  await set({ status: 503 }, { surface: 'graph', principal: server.firstRun.servicePrincipal.appId })
  const graphAnswer = await graph(server, 'GET', '/users')
  assert.deepEqual([graphAnswer.status, at(graphAnswer.json(), 'error', 'code')], [503, 'ServiceUnavailable'])

  const login = await set({ status: 503 }, { surface: 'login', principal: principal.appId })
  await assert.rejects(armToken(server, principal, 'https://management.core.windows.net//.default'), /503/)
  assert.equal(at(await affected(login), 0, 'principal'), principal.appId)

  await set({ status: 500 }, { surface: 'token', repository: 'team/app' })
  const tokenAnswer = await askAccessToken(server, admin, ['repository:team/app:pull'])
  assert.deepEqual([tokenAnswer.status, at(tokenAnswer.json(), 'errors', 0, 'code')], [500, 'UNKNOWN'])

  await set({ status: 403 }, { surface: 'exchange' })
  const exchanged = await request({ method: 'POST', url: `${emulator.ready.url}/oauth2/exchange`, caFile })
  assert.deepEqual([exchanged.status, at(exchanged.json(), 'errors', 0, 'code')], [403, 'DENIED'])
})

test('skopeo waits as long as a throttled registry says, and continues', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using home = await loggedIn('skopeo', { server, host }, admin)
  const id = await set({ status: 429, retryAfterSeconds: 1 }, { surface: 'registry', path: '/v2/*/manifests/*' }, 2)
  const inspected = await mustRun('skopeo', ['inspect', '--raw', `docker://${host}/team/app:1`], { env: home.env })
  assert.equal(at(JSON.parse(inspected.stdout), 'schemaVersion'), 2)
  assert.equal((await affected(id)).length, 2)
})

test('skopeo gets a token with more access after the challenge of an insufficient one', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using home = await loggedIn('skopeo', { server, host }, admin)
  const match = { path: '/v2/team/app/manifests/*', principal: 'admin' }
  const id = await set({ challenge: 'insufficient_scope' }, match)
  const inspected = await mustRun('skopeo', ['inspect', '--raw', `docker://${host}/team/app:1`], { env: home.env })
  assert.equal(at(JSON.parse(inspected.stdout), 'schemaVersion'), 2)
  const invalid = await set({ challenge: 'invalid_token' }, match)
  assertFails(
    await run('skopeo', ['inspect', `docker://${host}/team/app:1`], { env: home.env }),
    /authentication required/,
  )
  for (const fault of [id, invalid]) {
    assert.deepEqual(
      (await affected(fault)).map((recorded) => [at(recorded, 'status'), at(recorded, 'principal')]),
      [[401, 'admin']],
    )
  }
})

test('skopeo reports a connection that is reset or cut, and content that does not match its digest', async (t) => {
  if (!requireClient(t, 'skopeo')) return
  using home = await loggedIn('skopeo', { server, host }, admin)
  const copy = (target: string) =>
    run('skopeo', ['copy', `docker://${host}/team/app:1`, `dir:${join(home.path, target)}`], { env: home.env })
  // The client repeats a request whose connection was in use before.
  const reset = await set({ reset: true }, { path: '/v2/team/app/manifests/1' }, 5)
  assertFails(await copy('reset'), /connection reset by peer/)
  assert.ok((await affected(reset)).every((recorded) => at(recorded, 'status') === null))
  await clear()
  await set({ cutAfterBytes: 10 }, { method: 'GET', path: '/v2/team/app/manifests/1' }, 5)
  assertFails(await copy('cut'), /unexpected EOF/)
  await clear()
  await set({ corrupt: true }, { method: 'GET', path: '/v2/team/app/blobs/*' }, 5)
  assertFails(await copy('corrupt'), /digest did not match|does not match/i)
  await clear()
  assert.equal((await copy('whole')).code, 0)
})

test('an upload can be cut and slow', async () => {
  const bytes = Buffer.alloc(100_000, 'x')
  const cut = await set({ cutAfterBytes: 5 }, { surface: 'registry', method: 'PUT', repository: 'team/app' })
  await assert.rejects(pushBlob(server, 'team/app', bytes, `Bearer ${token}`))
  assert.deepEqual(
    (await affected(cut)).map((recorded) => at(recorded, 'status')),
    [null],
  )
  await set({ bytesPerSecond: 100_000 }, { method: 'PUT', repository: 'team/app' })
  const begunMs = performance.now()
  assert.equal((await pushBlob(server, 'team/app', bytes, `Bearer ${token}`)).size, bytes.length)
  assert.ok(performance.now() - begunMs > 800)
})

test('az sends a throttled request again', async (t) => {
  if (!requireClient(t, 'az')) return
  using az = azHome(caFile)
  await useCloud(az, server)
  await az.text(...signInArguments(server))
  const id = await set(
    { status: 429, retryAfterSeconds: 1 },
    { surface: 'arm', path: '/subscriptions/*/registries' },
    2,
  )
  assert.ok(JSON.stringify(await az.json('acr', 'list')).includes(host))
  assert.equal((await affected(id)).length, 2)
})

test('requests are listed after an id, with their principal and without secrets', async () => {
  const before = await lastId()
  await request({ url: `${manifestUrl}?secret=hidden`, headers: pullHeaders, caFile })
  await request({ url: `${emulator.ready.url}/v2/`, headers: { authorization: basic('nobody', 'hidden') }, caFile })
  const recorded = await list(`requests?after=${before}`)
  assert.deepEqual(
    recorded.map((each) => ({ ...(each as object), id: undefined })),
    [
      { id: undefined, method: 'GET', path: '/v2/team/app/manifests/1', status: 200, principal: 'admin', fault: null },
      { id: undefined, method: 'GET', path: '/v2/', status: 401, principal: 'nobody', fault: null },
    ],
  )
  assert.doesNotMatch(JSON.stringify(await list('requests')), /hidden|acrux-emulator-owner/)
})

test('the last decision has the missing permission and what would allow the request', async () => {
  const principal = await createServicePrincipal(server, 'denied')
  const denied = await accessToken(server, { username: principal.appId, password: principal.password }, [
    'repository:team/app:pull',
  ])
  const headers = { ...pullHeaders, authorization: `Bearer ${denied}` }
  const answer = await request({ url: manifestUrl, headers, caFile })
  assert.equal(answer.status, 401)
  const [decision, ...others] = await list('decisions?last=1')
  assert.deepEqual(others, [])
  assert.equal(stringAt(decision, 'id'), answer.headers['x-ms-correlation-request-id'])
  assert.equal(stringAt(decision, 'principal'), principal.objectId)
  assert.equal(stringAt(decision, 'action'), 'pull')
  assert.equal(stringAt(decision, 'repository'), 'team/app')
  assert.equal(stringAt(decision, 'reason'), 'no-assignment')
  assert.match(stringAt(decision, 'remedy'), new RegExp(`acrux acr grant ${principal.objectId} pull `))
  assert.ok(Math.abs(Date.parse(stringAt(decision, 'at')) - Date.now()) < 60_000)
  assert.equal((await list('decisions?last=0')).length, 0)
  await control(400, 'GET', 'decisions?last=x')
})

test('a reset deletes the faults and what was recorded', async () => {
  await set({ status: 500 }, { surface: 'graph' })
  await control(204, 'POST', 'state/reset')
  assert.deepEqual(await list('faults'), [])
  assert.deepEqual(await list('requests'), [])
  assert.deepEqual(await list('decisions'), [])
  assert.deepEqual(listAt(await control(200, 'GET', 'faults')), [])
})
