import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { arm } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from '../serve/acrux.ts'
import {
  armResource,
  createIdentity,
  enroll,
  newCode,
  putMachine,
  readyAt,
  startEndpoint,
  startMachine,
} from './machine.ts'

const server = await startServer()
const deploy = await createIdentity(server, 'deploy')
const machine = await startMachine(server, 'build-1', [deploy])
after(async () => {
  await machine[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const resource = `&resource=${encodeURIComponent(armResource)}`
const { ask, origin, own, header } = machine
const errorOf = (response: HttpResponse) => stringAt(response.json(), 'error')

test('the answer has what the instance metadata service answers, every value a string', async () => {
  const answer = await ask(resource)
  assert.equal(answer.status, 200, answer.text())
  assert.equal(answer.headers['cache-control'], 'no-store')
  const body = answer.json() as Record<string, unknown>
  const names =
    'access_token client_id expires_in expires_on ext_expires_in not_before refresh_token resource token_type'
  assert.deepEqual(
    Object.keys(body)
      .toSorted((one, other) => one.localeCompare(other))
      .join(' '),
    names,
  )
  for (const [name, value] of Object.entries(body)) assert.equal(typeof value, 'string', name)
  assert.partialDeepStrictEqual(body, { client_id: own.clientId, resource: armResource, token_type: 'Bearer' })
  const left = Number(body['expires_on']) - Date.now() / 1000
  assert.ok(left > 3500 && left <= 3600, String(left))
})

test('the identity is named by client id, object id or resource id, and by one of them', async () => {
  for (const query of [
    `&client_id=${deploy.clientId}`,
    `&object_id=${deploy.objectId}`,
    `&msi_res_id=${encodeURIComponent(deploy.id)}`,
    `&mi_res_id=${encodeURIComponent(deploy.id.toUpperCase())}`,
  ]) {
    assert.equal(stringAt((await ask(`${resource}${query}`)).json(), 'client_id'), deploy.clientId, query)
  }
  assert.equal(stringAt((await ask(`${resource}&client_id=${own.clientId}`)).json(), 'client_id'), own.clientId)
  const both = await ask(`${resource}&client_id=${deploy.clientId}&object_id=${deploy.objectId}`)
  assert.deepEqual([both.status, errorOf(both)], [400, 'invalid_request'])
})

test('a request of a browser page, through a proxy or for another host name is denied', async () => {
  const metadata = { metadata: 'true' }
  const rejections: readonly (readonly [string, string, Record<string, string>])[] = [
    ['no Metadata header', 'bad_request_102', {}],
    ['another value of it', 'bad_request_102', { metadata: 'yes' }],
    ['a proxy', 'unknown_source', { ...metadata, 'x-forwarded-for': '203.0.113.9' }],
    ['a proxy, as the standard has it', 'unknown_source', { ...metadata, forwarded: 'for=203.0.113.9' }],
    ['a browser', 'unknown_source', { ...metadata, origin: 'https://evil.example' }],
    ['a browser on its own page', 'unknown_source', { ...metadata, 'sec-fetch-site': 'same-origin' }],
    ['a name that was made to mean this machine', 'unknown_source', { ...metadata, host: 'evil.example' }],
    ['a name that begins like ours', 'unknown_source', { ...metadata, host: 'localhost.evil.example' }],
    ['another address', 'unknown_source', { ...metadata, host: '203.0.113.9' }],
  ]
  for (const [why, error, headers] of rejections) {
    const answer = await ask(resource, headers)
    assert.deepEqual([answer.status, errorOf(answer)], [400, error], why)
    assert.ok(!answer.text().includes('access_token'))
  }
  for (const host of ['localhost', '127.0.0.1:80', '[::1]:1', '169.254.169.254']) {
    assert.equal((await ask(resource, { ...metadata, host })).status, 200, host)
  }
})

test('a request target of another host, or a path that has to be resolved first, is rejected', async () => {
  const path = '/metadata/identity/oauth2/token'
  const query = `?api-version=2018-02-01${resource}`
  const { port } = new URL(origin)
  const targets: readonly (readonly [target: string, status: number])[] = [
    [`http://evil.example${path}${query}`, 400],
    [`http://evil.example:${port}${path}${query}`, 400],
    [`http://127.0.0.1@evil.example${path}${query}`, 400],
    [`https://127.0.0.1:${port}${path}${query}`, 400],
    [`//evil.example${path}${query}`, 400],
    [`/x/..${path}${query}`, 404],
    [`/.${path}${query}`, 404],
    [`/x/%2e%2e${path}${query}`, 404],
    [`/metadata/identity/x/../oauth2/token${query}`, 404],
    [`/metadata/identity\\oauth2/token${query}`, 404],
    [`/metadata/identity/oauth2/tok%65n${query}`, 404],
    [`${path}${query}#fragment`, 400],
    [`metadata/identity/oauth2/token${query}`, 400],
    [`http://127.0.0.1:${port}${path}${query}`, 200],
    [`http://localhost:${port}${path}${query}`, 400],
    [`${path}/${query}`, 200],
  ]
  const host = `Host: 127.0.0.1:${port}\r\n`
  const twoHosts = await sendTarget(Number(port), `${path}${query}`, `${host}Host: evil.example\r\n`)
  assert.match(twoHosts, /^HTTP\/1.1 400 /)
  for (const [target, status] of targets) {
    const answer = await sendTarget(Number(port), target, host)
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), target)
    assert.equal(answer.includes('access_token'), status === 200, target)
  }
})

/** Sends a request line as it is written, and gives the whole answer. */
async function sendTarget(port: number, target: string, host: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET ${target} HTTP/1.1\r\n${host}Metadata: true\r\n\r\n`)
  return text(socket)
}

test('a query that asks for nothing, or twice, is rejected', async () => {
  const url = `${origin}/metadata/identity/oauth2/token`
  const bare = (query: string) => request({ url: `${url}${query}`, headers: { metadata: 'true' } })
  for (const query of ['', '?api-version=2018-02-01', `?${resource}`, `?api-version=${resource}`]) {
    const answer = await bare(query)
    assert.deepEqual([answer.status, errorOf(answer)], [400, 'invalid_request'], query)
  }
  for (const more of [resource, '&client_id=', `&client_id=${'x'.repeat(3000)}`]) {
    assert.equal((await ask(`${resource}${more}`)).status, 400, more.slice(0, 40))
  }
  const unknown = await ask('&resource=https%3A%2F%2Funknown.example')
  assert.deepEqual([unknown.status, errorOf(unknown)], [400, 'invalid_resource'])
  const foreign = await ask(`${resource}&client_id=99999999-9999-4999-8999-999999999999`)
  assert.deepEqual([foreign.status, errorOf(foreign)], [400, 'invalid_request'])
  assert.equal(stringAt(foreign.json(), 'error_description'), 'Identity not found')
  const posted = await request({
    method: 'POST',
    url: `${url}?api-version=1${resource}`,
    headers: { metadata: 'true' },
  })
  assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET'])
  assert.equal((await request({ url: `${origin}/` })).status, 404)
})

test('the shape of App Service and of Azure ML needs the header of the machine', async () => {
  const url = `${origin}/msi/token?api-version=2019-08-01${resource}`
  const answer = await request({ url, headers: { 'x-identity-header': header } })
  assert.equal(stringAt(answer.json(), 'client_id'), own.clientId)
  assert.match(stringAt(answer.json(), 'expires_on'), /^\d{10}$/)
  const ml = await request({ url: `${url}&clientid=${deploy.clientId}`, headers: { secret: header } })
  assert.equal(stringAt(ml.json(), 'client_id'), deploy.clientId)
  for (const headers of [{}, { 'x-identity-header': `${header}x` }, { metadata: 'true' }, { secret: 'wrong' }]) {
    const rejected = await request({ url, headers })
    assert.deepEqual([rejected.status, at(rejected.json(), 'statusCode')], [401, 401])
  }
})

test('a token is reused for a short time, and concurrent requests share one request to the server', async () => {
  const first = await machine.token(`&object_id=${deploy.objectId}`)
  assert.equal(await machine.token(`&object_id=${deploy.objectId}`), first)
  const acr = 'https://containerregistry.azure.net'
  const many = await Promise.all(Array.from({ length: 20 }, () => machine.token('', acr)))
  assert.equal(new Set(many).size, 1)
})

test('what is no HTTP at all does no harm', async () => {
  const { hostname, port } = new URL(origin)
  for (const bytes of ['\0\0\0', 'GET / HTTP/9\r\n\r\n', `GET /${'x'.repeat(40_000)} HTTP/1.1\r\n\r\n`]) {
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.on('error', () => undefined)
    socket.end(bytes)
    assert.doesNotMatch(await text(socket).catch(() => ''), /HTTP\/1.1 (?:200|5)/)
  }
  assert.equal((await ask(resource)).status, 200)
})

test('the start prints which variables to set, and no secret', () => {
  const said = machine.started.stdout()
  assert.match(said, new RegExp(`export AZURE_POD_IDENTITY_AUTHORITY_HOST=${origin}\n`))
  assert.match(said, new RegExp(`export IDENTITY_ENDPOINT=${origin}/msi/token IDENTITY_HEADER="\\$\\(cat \\S+\\)"`))
  assert.ok(said.includes(own.id))
  assert.ok(!`${said}${machine.started.stderr()}`.includes(header))
})

test('with --no-imds only those are served that know the header', async () => {
  const args = ['--no-imds']
  await using started = await startEndpoint(machine.stateDir, args)
  const at = readyAt(started)
  const url = `${at}/metadata/identity/oauth2/token?api-version=2018-02-01${resource}`
  assert.equal((await request({ url, headers: { metadata: 'true' } })).status, 403)
  const known = await request({
    url: `${at}/msi/token?api-version=1${resource}`,
    headers: { 'x-identity-header': header },
  })
  assert.equal(known.status, 200)
  assert.ok(!started.stdout().includes('AZURE_POD_IDENTITY'))
})

test('SIGTERM ends the endpoint in order', async () => {
  await using started = await startEndpoint(machine.stateDir)
  started.signal('SIGTERM')
  assert.deepEqual([(await started.ended).code, (await started.ended).signal], [0, null])
})

test('a header file of the operator is used as it is, and rejected when others can read it or guess it', async () => {
  using dir = tempDir('header')
  const file = join(dir.path, 'header')
  const args = ['--app-service-header-file', file]
  const secret = 's'.repeat(40)
  writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  {
    await using started = await startEndpoint(machine.stateDir, args)
    const url = `${readyAt(started)}/msi/token?api-version=1${resource}`
    assert.equal((await request({ url, headers: { 'x-identity-header': secret } })).status, 200)
  }
  const serve = ['identity-endpoint', 'serve', '--state-dir', machine.stateDir, '--listen', '127.0.0.1:0', ...args]
  chmodSync(file, 0o644)
  assert.deepEqual([(await runAcrux(serve)).code, (await runAcrux(serve)).stdout], [2, ''])
  chmodSync(file, 0o600)
  writeFileSync(file, 'short')
  assert.equal((await runAcrux(serve)).code, 2)
})

test('an endpoint continues with the new key after its machine is enrolled again, without a restart', async () => {
  await using other = await startMachine(server, 'again')
  await other.token()
  assert.equal((await enroll(server, await newCode(server, 'again'), other.stateDir)).code, 0)
  const token = await other.token('', 'https://containerregistry.azure.net')
  assert.ok(token.length > 100)
  await putMachine(server, 'again')
})

test('an unreachable server is reported as 503, and a deleted machine as unauthorized', async () => {
  await using own = await startServer()
  await using other = await startMachine(own, 'lonely')
  await own.stop()
  const away = await other.ask(resource)
  assert.deepEqual([away.status, errorOf(away)], [503, 'temporarily_unavailable'])
  await own.restart()
  assert.equal((await other.ask(resource)).status, 200)
  assert.equal((await arm(own, 'DELETE', other.own.id)).status, 200)
  const gone = await other.ask('&resource=https%3A%2F%2Fcontainerregistry.azure.net')
  assert.deepEqual([gone.status, errorOf(gone)], [401, 'unauthorized_client'])
  const status = await runAcrux(['identity-endpoint', 'status', '--state-dir', other.stateDir])
  assert.deepEqual([status.code, /accepted: {2}no/.test(status.stdout)], [21, true])
})
