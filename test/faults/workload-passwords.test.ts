import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { Agent } from 'node:https'
import { after, test } from 'node:test'
import {
  armToken,
  assignRole,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  roles,
} from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { listAt } from '../harness/json.ts'
import { accessToken, basic, exchange, get, nullGuid, onRegistry, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { serveHttps, startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { assertUnauthorizedBody } from '../rights/denial.ts'
import { attackerKeys, forgedFrom, partsOf, unsigned } from './forged-token.ts'
import { assertBounded } from './memory.ts'

const issuer = await startTokenIssuer()
const untrusted = await serveHttps(() => (_request, response) => response.end('{}'))
const server = await startServer({ args: [...trustArguments(issuer), '--log-level', 'warn'] })
after(async () => {
  for (const one of [server, issuer, untrusted]) await one[Symbol.asyncDispose]()
})

const { loginServer, servicePrincipal } = server.firstRun
const pull = 'repository:team/app:pull'
const path = '/v2/team/app/manifests/1'
const subject = 'repo:octo/app:ref:refs/heads/main'
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(server, 'team/app', '1', owner)
const second = await createRegistry(server, 'second')
const there = { loginServer: second.loginServer }
await pushImage(onRegistry(server, there), 'team/app', '1', owner)

const job = await createServicePrincipal(server, 'job')
for (const id of [registryId(server), second.id]) await assignRole(server, job.objectId, roles.acrPull, id)
const collection = `/applications/${job.applicationObjectId}/federatedIdentityCredentials`
const trust = { name: 'main', issuer: issuer.origin, subject, audiences: [loginServer] }
expectStatus(await graph(server, 'POST', collection, trust), 201)
const tokenOf = (change: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}) =>
  issuer.token({ sub: subject, aud: loginServer, ...change }, header)

/** Sends a password by each way, at a registry. */
async function present(password: string, where = { loginServer }): Promise<readonly HttpResponse[]> {
  const { caFile } = server
  const url = `${registryUrl(server, where)}/oauth2/token`
  const service = where.loginServer
  const ofName = (username: string) => {
    const authorization = basic(username, password)
    const fields = { grant_type: 'password', service, scope: pull, username, password }
    const query = new URLSearchParams({ service, scope: pull, offline_token: 'true' })
    return [
      request({ url: `${url}?${query.toString()}`, headers: { authorization }, caFile }),
      request({ method: 'POST', url, caFile, ...form(fields) }),
      get(server, path, authorization, where),
    ]
  }
  return Promise.all([...ofName(nullGuid), ...ofName(job.appId), get(server, path, `Bearer ${password}`, where)])
}

async function assertDenied(password: string, why: string, where = { loginServer }): Promise<void> {
  for (const answer of await present(password, where)) {
    assert.equal(answer.status, 401, `${why}: ${answer.status} ${answer.text()}`)
    assertUnauthorizedBody(answer)
    assert.doesNotMatch(answer.text(), /access_token|refresh_token/)
  }
}

test('the token that the faults start from is accepted everywhere', async () => {
  assert.deepEqual(new Set((await present(tokenOf())).map(({ status }) => status)), new Set([200]))
})

test('fault 5: a workload token with a wrong claim is not a password', async () => {
  const now = Math.floor(Date.now() / 1000)
  const [host = ''] = loginServer.split(':')
  const claims: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    'another audience': { aud: 'other' },
    'the host without its port': { aud: host },
    'the URL of the registry': { aud: `https://${loginServer}` },
    'the audience in upper case': { aud: loginServer.toUpperCase() },
    'a longer audience': { aud: `${loginServer}.example.com` },
    'the registry and another audience': { aud: [loginServer, 'other'] },
    'the registry twice': { aud: [loginServer, loginServer] },
    'no audience': { aud: undefined },
    'no audience in a list': { aud: [] },
    'the audience of ARM': { aud: 'https://management.azure.com/' },
    'another subject': { sub: `${subject}2` },
    'no subject': { sub: undefined },
    'another issuer': { iss: `${issuer.origin}/` },
    'an end that has come': { exp: now - 1 },
    'no end': { exp: undefined },
    'a beginning to come': { nbf: now + 600 },
    'no issue': { iat: undefined },
    'a lifetime of ten years': { exp: now + 10 * 365 * 86_400 },
  }
  for (const [why, change] of Object.entries(claims)) await assertDenied(tokenOf(change), why)
})

test('fault 5: a workload token is not a password at another registry of the server', async () => {
  await assertDenied(tokenOf(), 'another registry', there)
})

test('fault 4: a workload token without a valid signature of its issuer is not a password', async () => {
  const genuine = tokenOf()
  const { header, claims } = partsOf(genuine)
  const [jwk] = listAt(issuer.documents.get('/keys'), 'keys')
  const encoded = [{ ...header, alg: 'HS256' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const input = encoded.join('.')
  const hmac = createHmac('sha256', JSON.stringify(jwk)).update(input).digest('base64url')
  const forged: Readonly<Record<string, string>> = {
    'alg none': unsigned({ ...header, alg: 'none' }, claims),
    'alg none with a signature': tokenOf({}, { alg: 'none' }),
    'alg HS256 with the public key as the secret': `${input}.${hmac}`,
    'alg HS256 in the header alone': tokenOf({}, { alg: 'HS256' }),
    'the key of an attacker': forgedFrom(genuine, attackerKeys('RS256')),
    'an unknown key': tokenOf({}, { kid: 'unknown' }),
    'a key in the header': forgedFrom(genuine, attackerKeys('RS256'), { jwk }),
    'a critical extension': tokenOf({}, { crit: ['x'], x: 1 }),
    'a signature cut short': genuine.slice(0, -8),
    'no signature': genuine.slice(0, genuine.lastIndexOf('.') + 1),
  }
  for (const [why, token] of Object.entries(forged)) await assertDenied(token, why)
})

test('fault 6: tokens of the provider and of other registries are not passwords in place of a workload token', async () => {
  const identity = await armToken(server, servicePrincipal)
  const forRegistry = await armToken(server, servicePrincipal, 'https://containerregistry.azure.net/.default')
  const refresh = await exchange(server, identity, there)
  const access = await accessToken(server, { refreshToken: refresh }, [pull], there)
  for (const token of [identity, forRegistry, refresh, access]) await assertDenied(token, 'a token of the server')
  // An ACR token authenticates with the null GUID only, never with the name of an application.
  const own = await exchange(server, identity)
  const fields = { grant_type: 'password', service: loginServer, scope: pull, username: job.appId, password: own }
  const url = `${registryUrl(server)}/oauth2/token`
  assert.equal((await request({ method: 'POST', url, caFile: server.caFile, ...form(fields) })).status, 401)
})

/** An answer without its correlation id, which is another one for each request. */
const withoutId = (text: string): string => text.replace(/CorrelationId: [0-9a-f-]+/, 'CorrelationId')

test('an issuer that no federated credential trusts gets no request, and its tokens all get the same answer', async () => {
  const before = untrusted.requests.length
  const texts = new Set<string>()
  for (const sub of [subject, 'repo:octo/other', 'x'.repeat(500)]) {
    const token = tokenOf({ iss: untrusted.origin, sub })
    await assertDenied(token, sub)
    for (const answer of await present(token)) texts.add(withoutId(answer.text()))
  }
  const stranger = tokenOf({ iss: 'https://issuer.example' })
  for (const answer of await present(stranger)) assert.ok(texts.has(withoutId(answer.text())), answer.text())
  assert.equal(untrusted.requests.length, before)
  assert.doesNotMatch([...texts].join('\n'), /repo:octo/)
})

test('a flood of workload tokens with unknown keys costs the issuer one look a minute, and the server little', async () => {
  const before = issuer.requests.length
  await assertBounded(server, { milliseconds: 60_000, mebibytes: 150 }, async () => {
    for (let round = 0; round < 6; round += 1) {
      const flood = Array.from({ length: 20 }, (_, at) => present(tokenOf({}, { kid: `invented-${round}-${at}` })))
      for (const answer of (await Promise.all(flood)).flat()) assert.ok([401, 429].includes(answer.status))
    }
  })
  // One look reads the configuration and the keys.
  assert.ok(issuer.requests.length - before <= 4, `${issuer.requests.length - before} requests to the issuer`)
  assert.deepEqual(new Set((await present(tokenOf())).map(({ status }) => status)), new Set([200]))
})

test('workload tokens wait in the queue of their sender before they are verified, and requests of principals do not wait', async () => {
  await using silent = await serveHttps(() => () => undefined)
  const args = [...trustArguments(silent), '--limits-max-concurrent-requests-per-caller', '1', '--log-level', 'warn']
  await using own = await startServer({ args })
  const { servicePrincipal: program, loginServer: audience } = own.firstRun
  const secret = basic(program.appId, program.password)
  const made = await createServicePrincipal(own, 'job')
  const path = `/applications/${made.applicationObjectId}/federatedIdentityCredentials`
  const ofSilent = { name: 'main', issuer: silent.origin, subject, audiences: [audience] }
  expectStatus(await graph(own, 'POST', path, ofSilent), 201)
  const token = issuer.token({ iss: silent.origin, sub: subject, aud: audience })
  const agent = new Agent({ keepAlive: true, maxSockets: 300 })
  const url = `${registryUrl(own)}/v2/`
  const ask = (authorization: string, through?: Agent) =>
    request({ url, caFile: own.caFile, headers: { authorization }, ...(through && { agent: through }) })
  const flood = Array.from({ length: 300 }, () => ask(`Bearer ${token}`, agent))
  const first = await Promise.race(flood)
  assert.equal(first.status, 429)
  assert.match(String(first.headers['retry-after']), /^[1-9]\d*$/)
  assert.equal((await ask(secret)).status, 200)
  const answers = await Promise.all(flood)
  agent.destroy()
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401, 429]))
  assert.equal(silent.requests.length, 1)
})

test('fault 7: passwords that are a burden to read as tokens are denied in bounded time and memory', async () => {
  const [header = '', , signature = ''] = tokenOf().split('.')
  const encoded = (text: string): string => Buffer.from(text).toString('base64url')
  const burdens: Readonly<Record<string, string>> = {
    'nothing but dots': '.'.repeat(8000),
    'claims that nest': `${header}.${encoded('['.repeat(2500) + ']'.repeat(2500))}.${signature}`,
    'a claim twice': `${header}.${encoded(`{"iss":"${issuer.origin}","sub":"x","sub":"${subject}","aud":"${loginServer}"}`)}.${signature}`,
    'very many audiences': tokenOf({ aud: Array.from({ length: 200 }, () => loginServer) }),
    'a number without end': `${header}.${encoded(`{"exp":${'9'.repeat(5000)}}`)}.${signature}`,
  }
  await assertBounded(server, { milliseconds: 20_000, mebibytes: 150 }, async () => {
    for (const [why, token] of Object.entries(burdens)) await assertDenied(token, why)
  })
})
