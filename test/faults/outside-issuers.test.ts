import assert from 'node:assert/strict'
import type { RequestListener, ServerResponse } from 'node:http'
import { after, test } from 'node:test'
import { armScope, expectStatus, graph, principalWithRole, roles } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { serveHttps, startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { assertBounded } from './memory.ts'

const issuer = await startTokenIssuer()
let misbehave: RequestListener = (_request, response) => response.end()
const inside = await serveHttps(() => (_request, response) => response.end('{"issuer":"inside"}'))
const hostile = await serveHttps(() => (incoming, response) => misbehave(incoming, response))
const server = await startServer({ args: trustArguments(issuer) })
const closed = await startServer()
after(async () => {
  for (const one of [server, closed, issuer, hostile, inside]) await one[Symbol.asyncDispose]()
})

const audience = 'api://AzureADTokenExchange'
const subject = 'repo:octo/app:ref:refs/heads/main'
const program = await principalWithRole(server, 'program', roles.acrPush)
const credentialsOf = (id: string): string => `/applications/${id}/federatedIdentityCredentials`
const list = credentialsOf(program.applicationObjectId)

async function trust(change: Record<string, unknown>, where = server, path = list): Promise<HttpResponse> {
  const wanted = { name: 'main', issuer: issuer.origin, subject, audiences: [audience], ...change }
  return graph(where, 'POST', path, wanted)
}
expectStatus(await trust({}), 201)

function post(where: RunningServer, path: string, fields: Record<string, string>): Promise<HttpResponse> {
  return request({ method: 'POST', url: `${where.baseUrl}${path}`, caFile: where.caFile, ...form(fields) })
}

/** Presents a token where an outside one is taken: as the assertion of an application, and at the exchange. */
async function present(token: string, where = server, clientId = program.appId): Promise<[HttpResponse, HttpResponse]> {
  const { tenantId, loginServer: service } = where.firstRun
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const proof = { client_id: clientId, client_assertion: token, client_assertion_type: type }
  const asked = { grant_type: 'client_credentials', scope: armScope, ...proof }
  return Promise.all([
    post(where, `/${tenantId}/oauth2/v2.0/token`, asked),
    post(where, '/oauth2/exchange', { grant_type: 'access_token', service, access_token: token, client_id: clientId }),
  ])
}

async function assertRejected(token: string, why: string, number?: number): Promise<void> {
  const [asserted, exchanged] = await present(token)
  assert.ok([400, 401].includes(asserted.status), `${why}: ${asserted.status} ${asserted.text()}`)
  if (number !== undefined) assert.deepEqual(at(asserted.json(), 'error_codes'), [number], why)
  assert.equal(exchanged.status, 401, `${why}: ${exchanged.text()}`)
}

test('a token of an issuer that is trusted is taken in both places', async () => {
  const [asserted, exchanged] = await present(issuer.token({ sub: subject, aud: audience }))
  expectStatus(asserted, 200)
  expectStatus(exchanged, 200)
})

test('fault 5: no federated credential is made without an audience, nor with two', async () => {
  for (const audiences of [undefined, [], [''], [audience, 'other'], audience, [null]]) {
    expectStatus(await trust({ name: 'other', subject: 'other', audiences }), 400)
  }
})

test('fault 5: audience, subject and every time of an external token are verified', async () => {
  const now = Math.floor(Date.now() / 1000)
  const claims: Record<string, Record<string, unknown>> = {
    'another audience': { aud: 'other' },
    'no audience': { aud: undefined },
    'no audience in a list': { aud: [] },
    'another subject': { sub: `${subject}2` },
    'no subject': { sub: undefined },
    'another issuer': { iss: `${issuer.origin}/` },
    'an end that has come': { exp: now - 60 },
    'no end': { exp: undefined },
    'a beginning to come': { nbf: now + 600 },
    'an issue to come': { iat: now + 600 },
    'no issue': { iat: undefined },
    'an end that is text': { exp: String(now + 600) },
  }
  for (const [why, change] of Object.entries(claims)) {
    await assertRejected(issuer.token({ sub: subject, aud: audience, ...change }), why)
  }
})

test('fault 14: a subject is compared exactly, with all its delimiters', async () => {
  const subjects = [
    'repo:octo/app:ref:refs/heads/main2',
    'repo:octo/app:ref:refs/heads/Main',
    'repo:octo-app:ref:refs/heads/main',
    'repo:octo/app:environment:x:ref:refs/heads/main',
    'repo:octo/app:ref:refs/heads/main:environment:x',
    'repo:octo%2Fapp:ref:refs/heads/main',
    ' repo:octo/app:ref:refs/heads/main',
    'repo:octo/*',
    '*',
  ]
  for (const sub of subjects) await assertRejected(issuer.token({ sub, aud: audience }), sub, 700213)
})

test('fault 14: a later repository of the same name is rejected if the immutable id is trusted', async () => {
  const other = await principalWithRole(server, 'by-id', roles.acrPush)
  const claimsMatchingExpression = {
    value: "claims['repository_id'] eq '1001' and claims['ref'] eq 'refs/heads/main'",
    languageVersion: 1,
  }
  const made = await trust(
    { subject: null, claimsMatchingExpression },
    server,
    credentialsOf(other.applicationObjectId),
  )
  assert.equal(at(expectStatus(made, 201).json(), '@acrux.hint'), undefined)
  const token = (repositoryId: string): string => {
    const names = { sub: subject, repository: 'octo/app', ref: 'refs/heads/main', aud: audience }
    return issuer.token({ ...names, repository_id: repositoryId })
  }
  expectStatus((await present(token('1001'), server, other.appId))[0], 200)
  assert.equal((await present(token('9009'), server, other.appId))[0].status, 401)
  const gitHub = 'https://token.actions.githubusercontent.com'
  const hinted = await trust({ name: 'hinted', issuer: gitHub }, server, credentialsOf(other.applicationObjectId))
  assert.match(stringAt(expectStatus(hinted, 201).json(), '@acrux.hint'), /repository_id/)
  for (const value of ["claims['sub'] matches 'repo:octo/*'", "claims['ref'] eq 'refs/heads/main'"]) {
    const pattern = { subject: null, name: 'pattern', claimsMatchingExpression: { value, languageVersion: 1 } }
    expectStatus(await trust(pattern), 400)
  }
})

test('fault 7: outside tokens that are a burden to read are denied in bounded time and memory', async () => {
  const filled = (sizeBytes: number, piece = 'A'): string => piece.repeat(Math.ceil(sizeBytes / piece.length))
  const encoded = (text: string): string => Buffer.from(text).toString('base64url')
  const good = { sub: subject, aud: audience }
  const [header = '', , signature = ''] = issuer.token(good).split('.')
  const size = 900_000
  const burdens: Record<string, string> = {
    'nothing but dots': filled(size, '.'),
    'one endless part': filled(size, 'eyJh'),
    'an endless signature': issuer.token(good) + filled(size),
    'an endless header': issuer.token(good, { pad: filled(size / 2) }),
    'endless claims': issuer.token({ ...good, pad: filled(size / 2) }),
    'claims at the limit that nest': `${header}.${encoded(filled(5500, '[') + filled(5500, ']'))}.${signature}`,
    'claims at the limit that are many': issuer.token({
      ...good,
      ...Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`c${index}`, index])),
      sub: 'x',
    }),
    'a claim twice': `${header}.${encoded(`{"iss":"${issuer.origin}","sub":"x","sub":"${subject}","aud":"${audience}"}`)}.${signature}`,
    'very many audiences': issuer.token({ sub: subject, aud: Array.from({ length: 500 }, () => audience) }),
    'a number without end': `${header}.${encoded(`{"exp":${filled(8000, '9')}}`)}.${signature}`,
    'an encrypted token': `${encoded('{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}')}.AA.AA.AA.AA`,
  }
  await assertBounded(server, { milliseconds: 20_000, mebibytes: 150 }, async () => {
    for (const [why, token] of Object.entries(burdens)) await assertRejected(token, why)
  })
})

test('fault 7: header parameters change neither how an outside token is read nor with what key', async () => {
  const before = hostile.requests.length
  const url = `${hostile.origin}/keys`
  const headers: Record<string, object> = {
    'zip DEF': { zip: 'DEF' },
    'crit of something unknown': { crit: ['x'], x: 1 },
    'an empty crit': { crit: [] },
    'b64 false': { b64: false },
    'b64 false, critical': { crit: ['b64'], b64: false },
    'alg none': { alg: 'none' },
    'alg HS256': { alg: 'HS256' },
    'alg of the prototype': { alg: 'constructor' },
    'another algorithm of the key': { alg: 'PS256' },
    'another kind of key': { alg: 'ES256' },
    'no alg': { alg: undefined },
    'an unknown key': { kid: 'unknown' },
    'a key id that is a path': { kid: '../../etc/passwd' },
    'keys elsewhere': { kid: 'unknown', jku: url, x5u: url },
  }
  for (const [why, header] of Object.entries(headers)) {
    await assertRejected(issuer.token({ sub: subject, aud: audience }, { ...header }), why)
  }
  assert.equal(hostile.requests.length, before, 'nothing that a header names was asked for')
})

test('fault 39: an internal address is never dialled unless the settings allow it', async () => {
  const first = await principalWithRole(closed, 'program', roles.acrPush)
  const path = credentialsOf(first.applicationObjectId)
  const port = new URL(inside.origin).port
  const urls = [
    inside.origin,
    `https://127.0.0.1:${port}`,
    `https://[::ffff:127.0.0.1]:${port}`,
    `https://2130706433:${port}`,
    'https://169.254.169.254',
    'https://10.0.0.1',
  ]
  for (const [index, url] of urls.entries()) {
    expectStatus(await trust({ name: `inside-${index}`, issuer: url }, closed, path), 201)
    const [asserted, exchanged] = await present(
      issuer.token({ iss: url, sub: subject, aud: audience }),
      closed,
      first.appId,
    )
    assert.deepEqual(at(asserted.json(), 'error_codes'), [90061], url)
    assert.equal(exchanged.status, 401, url)
    // No response reveals whether the host exists, or what it returned.
    for (const answer of [asserted, exchanged]) assert.doesNotMatch(answer.text(), /inside|ECONNREFUSED|certificate/)
  }
  for (const url of ['http://127.0.0.1', 'http://169.254.169.254', 'file:///etc/passwd', 'https://a@b.example']) {
    expectStatus(await trust({ name: 'scheme', issuer: url }, closed, path), 400)
  }
  assert.deepEqual(inside.requests, [])
})

type Misbehaviour = (response: ServerResponse, path: string) => unknown

const redirect = (response: ServerResponse, location: string): unknown => response.writeHead(302, { location }).end()

function flood(response: ServerResponse): void {
  const send = (): void => {
    while (!response.destroyed && response.write(' '.repeat(65_536)));
  }
  response.on('drain', send)
  send()
}

function trickle(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 500)
  response.on('close', () => clearInterval(timer))
}

const misbehaviours: Readonly<Record<string, Misbehaviour>> = {
  'a redirect within': (response) => redirect(response, `${inside.origin}/.well-known/openid-configuration`),
  'a redirect to metadata': (response) => redirect(response, 'http://169.254.169.254/metadata/instance'),
  'a redirect to itself': (response, path) => redirect(response, path),
  'a body without end': flood,
  'a slow body': trickle,
  silence: () => undefined,
  'a closed connection': (response) => response.destroy(),
  'no JSON': (response) => response.end('<html>'),
  'JSON that nests': (response) => response.end('['.repeat(100_000)),
  'another issuer': (response) => response.end(`{"issuer":"${issuer.origin}","jwks_uri":"${issuer.origin}/keys"}`),
  'keys within': (response, path) => {
    const own = `${hostile.origin}${path.replace('/.well-known/openid-configuration', '')}`
    response.end(`{"issuer":"${own}","jwks_uri":"http://169.254.169.254/metadata/instance"}`)
  },
}

test(
  'fault 39: an issuer that misbehaves costs little, gets nothing and gives nothing',
  { timeout: 600_000 },
  async () => {
    await using own = await startServer({ args: trustArguments(hostile) })
    const application = await principalWithRole(own, 'program', roles.acrPush)
    await assertBounded(own, { milliseconds: 60_000, mebibytes: 150 }, async () => {
      for (const [index, [why, misbehaviour]] of Object.entries(misbehaviours).entries()) {
        // Each case is another issuer, since one is asked again after a pause.
        const iss = `${hostile.origin}/case-${index}`
        misbehave = (incoming, response) => misbehaviour(response, incoming.url ?? '')
        const path = credentialsOf(application.applicationObjectId)
        expectStatus(await trust({ name: `case-${index}`, issuer: iss }, own, path), 201)
        const token = issuer.token({ iss, sub: subject, aud: audience })
        const [asserted, exchanged] = await present(token, own, application.appId)
        assert.deepEqual(at(asserted.json(), 'error_codes'), [90061], why)
        assert.equal(exchanged.status, 401, why)
        const asked = hostile.requests.filter((each) => each.startsWith(`/case-${index}/`))
        assert.equal(asked.length, 1, `${why}: asked once for both`)
      }
    })
    assert.deepEqual(inside.requests, [])
  },
)
