import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import {
  arm,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  roles,
} from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { outputUpToNow } from '../harness/log.ts'
import { basic, nullGuid, pushImage } from '../harness/registry.ts'
import { createScopedToken, generatePasswords } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { addSecret, askByPassword, askIdentity, tokensOf } from '../rights/tokens.ts'
import { exchangeBytes, openWire, type Header, type WireRequest } from './wire.ts'

const metricsPort = await freePort()
const server = await startServer({
  firstStart: true,
  args: ['--log-level', 'trace', '--metrics-listen', `127.0.0.1:${metricsPort}`],
})
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer: service, owner, registry, servicePrincipal, subscriptionId, tenantId } = server.firstRun
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

/** What must be found nowhere, by what it is. */
const canaries = new Map<string, string>()

/** An invalid secret of the test: what a user mistyped, or pasted into the wrong place. */
function mistyped(what: string): string {
  const text = `canary${randomBytes(16).toString('hex')}`
  canaries.set(`${what}, mistyped`, text)
  return text
}

async function gatherRealSecrets(): Promise<void> {
  canaries.set('the client secret of the first run', servicePrincipal.password)
  canaries.set('the password of the owner', owner.password)
  const admin = await enableAdmin(server)
  canaries.set('an admin password', admin.password)
  canaries.set('the second admin password', admin.password2)
  expectStatus(await arm(server, 'POST', `${registryId(server)}/regenerateCredential`, { name: 'password' }), 200)
  canaries.set('a renewed admin password', (await enableAdmin(server)).password)
  const scoped = await createScopedToken(server, 'nightly', '_repositories_push')
  canaries.set('a password of a scoped token', scoped.password)
  canaries.set('the second password of a scoped token', scoped.password2)
  canaries.set('a renewed password of a scoped token', (await generatePasswords(server, 'nightly')).password)
  const plain = await principalWithRole(server, 'plain', roles.acrPush)
  canaries.set('a client secret', plain.password)
  const further = await addSecret(server, plain, 3_600_000)
  canaries.set('a further client secret', further.password)
  const tokens = await tokensOf(server, plain, ['repository:team/app:pull,push', 'registry:catalog:*'])
  for (const [kind, token] of Object.entries(tokens)) {
    canaries.set(`an ${kind} token`, token)
    // A truncated token is as good as the token to anyone who can guess the rest.
    canaries.set(`the signature of an ${kind} token`, token.slice(token.lastIndexOf('.') + 1))
  }
}

const manifest = '/v2/team/app/manifests/1'
const version = 'api-version=2025-03-01-preview'
const targets: readonly (readonly [method: string, target: string])[] = [
  ['GET', '/v2/'],
  ['GET', manifest],
  ['HEAD', manifest],
  ['PUT', '/v2/team/app/manifests/2'],
  ['DELETE', '/v2/team/none/manifests/1'],
  ['POST', '/v2/team/app/blobs/uploads/'],
  ['GET', '/v2/_catalog'],
  ['GET', '/acr/v1/team%2Fapp'],
  ['PATCH', '/acr/v1/team%2Fapp'],
  ['GET', '/oauth2/token'],
  ['POST', '/oauth2/token'],
  ['POST', '/oauth2/exchange'],
  ['POST', `/${tenantId}/oauth2/v2.0/token`],
  ['POST', `/${tenantId}/oauth2/token`],
  ['GET', `/${tenantId}/v2.0/.well-known/openid-configuration`],
  ['GET', '/common/discovery/instance'],
  ['GET', '/subscriptions'],
  ['GET', registryId(server)],
  ['PATCH', registryId(server)],
  ['POST', `${registryId(server)}/listCredentials`],
  ['POST', `${registryId(server)}/regenerateCredential`],
  ['POST', `${registryId(server)}/generateCredentials`],
  ['GET', `${registryId(server)}/tokens/nightly`],
  ['PUT', `${registryId(server)}/tokens/another`],
  ['PATCH', `${registryId(server)}/scopeMaps/another`],
  ['PUT', `/subscriptions/${subscriptionId}/resourcegroups/x1`],
  ['GET', '/graph/v1.0/servicePrincipals'],
  ['POST', '/graph/v1.0/applications'],
  ['GET', '/metadata/endpoints'],
  ['GET', '/healthz'],
  ['GET', '/nothing'],
  ['TRACE', '/v2/'],
  ['OPTIONS', '/v2/'],
]

/** Where a request can carry a secret; the first are where it belongs. */
function carriersOf(secret: string): Record<string, (method: string, target: string) => WireRequest> {
  const encoded = encodeURIComponent(secret)
  const withHeaders = (method: string, target: string, headers: readonly Header[]): WireRequest => ({
    method,
    target: target.includes('?') ? target : `${target}?${version}`,
    headers,
  })
  const isForm = (target: string): boolean => target.includes('oauth2')
  const json = JSON.stringify({ password: secret, properties: { password: secret }, secretText: secret, name: secret })
  const fields = ['password', 'client_secret', 'access_token', 'refresh_token', 'client_assertion', 'code', 'assertion']
  return {
    bearer: (method, target) => withHeaders(method, target, [['Authorization', `Bearer ${secret}`]]),
    basic: (method, target) => withHeaders(method, target, [['Authorization', basic(servicePrincipal.appId, secret)]]),
    'basic of the null GUID': (method, target) =>
      withHeaders(method, target, [['Authorization', basic(nullGuid, secret)]]),
    'a bare Authorization': (method, target) => withHeaders(method, target, [['Authorization', secret]]),
    'another scheme': (method, target) => withHeaders(method, target, [['Authorization', `Digest ${secret}`]]),
    'other headers': (method, target) =>
      withHeaders(method, target, [
        ['Cookie', `session=${secret}`],
        ['X-Registry-Auth', secret],
        ['X-Ms-Authorization-Auxiliary', `Bearer ${secret}`],
        ['Proxy-Authorization', `Basic ${secret}`],
        ['X-Api-Key', secret],
      ]),
    query: (method, target) => ({
      method,
      target: `${target}?${fields.map((name) => `${name}=${encoded}`).join('&')}`,
    }),
    body: (method, target) => {
      const grants = 'grant_type=client_credentials&grant_type=password'
      const sent = isForm(target)
        ? `${grants.split('&')[target.includes(tenantId) ? 0 : 1]}&service=${service}&username=${servicePrincipal.appId}&client_id=${servicePrincipal.appId}&${fields.map((name) => `${name}=${encoded}`).join('&')}`
        : json
      const type = isForm(target) ? 'application/x-www-form-urlencoded' : 'application/json'
      return { ...withHeaders(method, target, [['Content-Type', type]]), body: sent }
    },
    'a body cut short': (method, target) => ({
      ...withHeaders(method, target, [
        ['Content-Type', isForm(target) ? 'application/x-www-form-urlencoded' : 'application/json'],
      ]),
      body: isForm(target) ? `password=${encoded}&x=%` : json.slice(0, -3),
    }),
  }
}

const bodyless = new Set(['GET', 'HEAD', 'TRACE', 'OPTIONS', 'DELETE'])

/** What answers repeated of a secret that they were shown. */
const repeated: string[] = []

async function pushEverywhere(): Promise<void> {
  for (const [what, secret] of canaries) {
    for (const [carrier, make] of Object.entries(carriersOf(secret))) {
      for (const [method, target] of targets) {
        if (carrier.includes('body') && bodyless.has(method)) continue
        const answer = await wire.send(make(method, target))
        const said = answer.rawHeaders.join('\n') + answer.text()
        if (said.includes(secret)) repeated.push(`${what} as ${carrier} at ${method} ${target}`)
      }
    }
  }
}

/** Requests that break off or are no HTTP at all, which end in the places where a server reports trouble. */
async function pushBroken(): Promise<void> {
  for (const secret of [mistyped('a broken request'), servicePrincipal.password]) {
    const authorization = basic(servicePrincipal.appId, secret)
    const head = `Host: ${service}\r\nAuthorization: ${authorization}\r\nX-Secret: ${secret}\r\n`
    for (const text of [
      `PUT ${manifest} HTTP/1.1\r\n${head}Content-Length: 1000\r\n\r\n{"password":"${secret}"`,
      `GET ${manifest} HTTP/9.9\r\n${head}\r\n`,
      `GET ${manifest} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${secret}`,
      `${secret}\r\n\r\n`,
      `GET /${secret}\u0000 HTTP/1.1\r\n${head}\r\n`,
      `POST /oauth2/token HTTP/1.1\r\n${head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\n\r\npassword=${encodeURIComponent(secret)}`,
    ]) {
      await exchangeBytes(server, text, 200)
    }
  }
}

await gatherRealSecrets()
for (const what of ['a password', 'a token', 'a client secret']) mistyped(what)
await askIdentity(server, { appId: servicePrincipal.appId, password: mistyped('a secret for the provider') })
await askByPassword(server, { username: registry, password: mistyped('an admin password') }, 'registry:catalog:*')
await graph(
  server,
  'POST',
  `/applications/${(await createServicePrincipal(server, 'x')).applicationObjectId}/addPassword`,
  {
    passwordCredential: { displayName: 'x', secretText: mistyped('a secret text') },
  },
)
await pushEverywhere()
await pushBroken()

/** The secret itself and what it becomes when it is packed for a header, a form or a log. */
function traces(secret: string): string[] {
  const packed = [basic(servicePrincipal.appId, secret), basic(nullGuid, secret), basic(registry, secret)]
  const all = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...packed.map((one) => one.slice(6)),
  ]
  return [...new Set([...all, Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -2)])]
}

function tracesIn(text: string): string[] {
  return [...canaries].flatMap(([what, secret]) => (traces(secret).some((trace) => text.includes(trace)) ? [what] : []))
}

test('fault 42: no secret is in what the server writes to its log, at the most talkative level', async () => {
  const output = await outputUpToNow(server)
  assert.ok(output.split('\n').length > 500, 'the server logs next to nothing')
  assert.deepEqual(tracesIn(output), [])
})

test('fault 42: no secret is in any column of the database in the clear', () => {
  const file = join(server.dataDir, 'acrux.db')
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type in ('table', 'view')").all()
    assert.ok(tables.length > 10)
    const found: string[] = []
    let rows = 0
    for (const { name } of tables as { name: string }[]) {
      for (const row of database.prepare(`select * from "${name}"`).iterate() as Iterable<Record<string, unknown>>) {
        rows++
        for (const [column, value] of Object.entries(row)) {
          const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)
          found.push(...tracesIn(text).map((what) => `${what} in ${name}.${column}`))
        }
      }
    }
    assert.ok(rows > 100)
    assert.deepEqual([...new Set(found)], [])
  } finally {
    database.close()
  }
})

test('fault 42: no secret is in any file of the data directory but the one of the first run', () => {
  const entries = readdirSync(server.dataDir, { recursive: true, withFileTypes: true })
  const found = entries.flatMap((entry) => {
    if (!entry.isFile() || entry.name === 'first-run.json') return []
    const text = readFileSync(join(entry.parentPath, entry.name), 'latin1')
    return tracesIn(text).map((what) => `${what} in ${entry.name}`)
  })
  assert.deepEqual(found, [])
})

test('fault 42: no answer repeats a secret that it was shown', () => {
  assert.deepEqual(repeated, [])
})

test('fault 42: no secret is in the metrics, in the arguments or in the environment of the process', async () => {
  const metrics = await request({ url: `http://127.0.0.1:${metricsPort}/metrics` })
  assert.equal(metrics.status, 200)
  assert.deepEqual(tracesIn(metrics.text()), [])
  if (process.platform !== 'linux') return
  for (const name of ['cmdline', 'environ']) {
    assert.deepEqual(tracesIn(readFileSync(`/proc/${server.pid}/${name}`, 'latin1')), [])
  }
})

test('faults 29 and 42: a secret is returned once, when it is created, and by no list or document afterwards', async () => {
  const plain = await createServicePrincipal(server, 'told once')
  for (const path of [
    `/applications/${plain.applicationObjectId}`,
    `/servicePrincipals/${plain.objectId}`,
    '/applications',
    '/servicePrincipals',
  ]) {
    const text = expectStatus(await graph(server, 'GET', path), 200).text()
    assert.ok(!text.includes(plain.password), path)
    assert.ok(!/secretText":\s*"[^"]/.test(text), path)
    assert.ok(!/hash/i.test(text), path)
  }
  for (const path of ['', '/tokens', '/tokens/nightly', '/scopeMaps']) {
    const document = expectStatus(await arm(server, 'GET', `${registryId(server)}${path}`), 200)
    assert.deepEqual(tracesIn(document.text()), [])
    assert.ok(!/"value":\s*"|hash/i.test(document.text()), path)
  }
  for (const filter of [
    "startswith(passwordCredentials/hint,'a')",
    "secret_hash eq 'x'",
    "startswith(secretText,'a')",
  ]) {
    const answer = await graph(server, 'GET', `/applications?$filter=${encodeURIComponent(filter)}`)
    assert.equal(answer.status, 400, filter)
    assert.ok(stringAt(answer.json(), 'error', 'code').length > 0)
  }
  const sent = form({ grant_type: 'password', service, username: plain.appId, password: plain.password })
  const token = await wire.send({
    method: 'POST',
    target: '/oauth2/token',
    headers: Object.entries(sent.headers),
    body: sent.body,
  })
  assert.equal(token.status, 200)
})
