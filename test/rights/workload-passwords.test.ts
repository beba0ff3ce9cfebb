import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  assignRole,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  roles,
} from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, get, nullGuid, onRegistry, pushImage, registryUrl, type Where } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { partsOf } from '../faults/forged-token.ts'
import { createIdentity } from '../machines/machine.ts'
import { grantedBy, millisecondsOf, passed } from './tokens.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
after(async () => {
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const { loginServer, registry, servicePrincipal, tenantId } = server.firstRun
const pull = 'repository:team/app:pull'
const path = '/v2/team/app/manifests/1'
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(server, 'team/app', '1', owner)
const second = await createRegistry(server, 'second')
const there: Where = { loginServer: second.loginServer }
await pushImage(onRegistry(server, there), 'team/app', '1', owner)

let jobs = 0

/** An instant, in seconds, before which there is several times as long as the requests of a token take here and now. */
async function laterThanRequests(job: Awaited<ReturnType<typeof createJob>>): Promise<number> {
  const takesMs = await millisecondsOf(() => statuses(job.token(), job.appId))
  return Math.ceil((Date.now() + 3000 + 10 * takesMs) / 1000)
}

/** An application with a role on both registries that trusts the tokens of a new subject for an audience. */
async function createJob({ audience = loginServer, sub = `repo:octo/job-${++jobs}:ref:refs/heads/main` } = {}) {
  const made = await createServicePrincipal(server, 'job')
  for (const id of [registryId(server), second.id]) await assignRole(server, made.objectId, roles.acrPull, id)
  const collection = `/applications/${made.applicationObjectId}/federatedIdentityCredentials`
  const trust = { name: 'main', issuer: issuer.origin, subject: sub, audiences: [audience] }
  expectStatus(await graph(server, 'POST', collection, trust), 201)
  const token = (change: Readonly<Record<string, unknown>> = {}) => issuer.token({ sub, aud: audience, ...change })
  return { ...made, sub, token }
}

type Fields = Readonly<Record<string, string>>

/** `GET /oauth2/token`, as docker sends it. */
function byQuery(username: string, password: string, fields: Fields = {}, where: Where = {}): Promise<HttpResponse> {
  const service = where.loginServer ?? loginServer
  const query = new URLSearchParams({ account: username, client_id: 'docker', service, ...fields })
  const url = `${registryUrl(server, where)}/oauth2/token?${query.toString()}`
  return request({ url, caFile: server.caFile, headers: { authorization: basic(username, password) } })
}

/** `POST /oauth2/token`, as containerd sends it. */
function byForm(username: string, password: string, fields: Fields = {}, where: Where = {}): Promise<HttpResponse> {
  const service = where.loginServer ?? loginServer
  const all = { grant_type: 'password', client_id: 'containerd-client', service, scope: pull, username, password }
  const url = `${registryUrl(server, where)}/oauth2/token`
  return request({ method: 'POST', url, caFile: server.caFile, ...form({ ...all, ...fields }) })
}

/** Every way in which a client sends a workload token. */
function ways(token: string, appId: string, where: Where = {}): Promise<HttpResponse>[] {
  return [
    ...[nullGuid, appId, appId.toUpperCase()].flatMap((username) => [
      byQuery(username, token, { scope: pull }, where),
      byForm(username, token, {}, where),
      get(server, path, basic(username, token), where),
    ]),
    get(server, path, `Bearer ${token}`, where),
    get(server, '/v2/', `Bearer ${token}`, where),
  ]
}

async function statuses(token: string, appId: string, where: Where = {}): Promise<Set<number>> {
  const answers = await Promise.all(ways(token, appId, where))
  return new Set(answers.map(({ status }) => status))
}

const messageOf = (answer: HttpResponse): string => stringAt(answer.json(), 'errors', 0, 'message')

async function setAudiences(workloadTokenAudiences: unknown): Promise<HttpResponse> {
  return arm(server, 'PATCH', registryId(server), { properties: { acrux: { workloadTokenAudiences } } })
}

test('a workload token is the password of the null GUID and of its application, and a bearer token', async () => {
  const job = await createJob()
  assert.deepEqual(await statuses(job.token(), job.appId), new Set([200]))
  const answer = expectStatus(await byForm(nullGuid, job.token()), 200)
  assert.deepEqual(grantedBy(stringAt(answer.json(), 'access_token')), { 'repository:team/app': ['pull'] })
})

test('a workload token is accepted for either host of a registry, at both of them, and at no other registry', async () => {
  const other = second.loginServer.replace(/^second/, registry.toLowerCase())
  assert.notEqual(other, loginServer)
  for (const audience of [loginServer, other]) {
    const job = await createJob({ audience })
    for (const where of [{ loginServer }, { loginServer: other }]) {
      assert.deepEqual(await statuses(job.token(), job.appId, where), new Set([200]), audience)
    }
    assert.deepEqual(await statuses(job.token(), job.appId, there), new Set([401]), audience)
  }
})

test('docker login with a workload token gets a refresh token for three hours, which works after the workload token expired', async () => {
  const job = await createJob()
  const expiresAt = await laterThanRequests(job)
  const token = job.token({ exp: expiresAt })
  const login = expectStatus(await byQuery(nullGuid, token, { offline_token: 'true' }), 200).json()
  const refreshToken = stringAt(login, 'refresh_token')
  const { claims } = partsOf(refreshToken)
  assert.equal(Number(claims['exp']) - Number(claims['iat']), 3 * 60 * 60)
  assert.partialDeepStrictEqual(claims, { sub: job.appId, appid: job.appId, tenant: tenantId, aud: loginServer })
  const verified = await get(server, '/v2/', `Bearer ${stringAt(login, 'access_token')}`)
  assert.equal(verified.status, 200)
  const offline = await byForm(job.appId, token, { access_type: 'offline' })
  assert.ok(stringAt(offline.json(), 'refresh_token').length > 0)
  for (const answer of [await byQuery(job.appId, token), await byForm(job.appId, token)]) {
    assert.equal(at(expectStatus(answer, 200).json(), 'refresh_token'), undefined)
  }
  await passed(expiresAt * 1000)
  const fields = { grant_type: 'refresh_token', service: loginServer, scope: pull, refresh_token: refreshToken }
  const url = `${registryUrl(server)}/oauth2/token`
  const again = await request({ method: 'POST', url, caFile: server.caFile, ...form(fields) })
  assert.deepEqual(grantedBy(stringAt(expectStatus(again, 200).json(), 'access_token')), {
    'repository:team/app': ['pull'],
  })
})

test('a session and a cached token request end when the workload token expires', async () => {
  const job = await createJob()
  const expiresAt = await laterThanRequests(job)
  const token = job.token({ exp: expiresAt })
  assert.deepEqual(await statuses(token, job.appId), new Set([200]))
  await passed(expiresAt * 1000)
  assert.deepEqual(await statuses(token, job.appId), new Set([401]))
})

test('an audience that is set for a registry is accepted there, and no longer after it is removed', async () => {
  const job = await createJob({ audience: 'api://AzureADTokenExchange' })
  assert.deepEqual(await statuses(job.token(), job.appId), new Set([401]))
  const set = expectStatus(await setAudiences(['api://AzureADTokenExchange', 'api://AzureADTokenExchange']), 200)
  assert.deepEqual(listAt(set.json(), 'properties', 'acrux', 'workloadTokenAudiences'), ['api://AzureADTokenExchange'])
  assert.deepEqual(await statuses(job.token(), job.appId), new Set([200]))
  assert.deepEqual(await statuses(job.token(), job.appId, there), new Set([401]))
  const tagged = expectStatus(await arm(server, 'PATCH', registryId(server), { tags: { team: 'a' } }), 200).json()
  assert.deepEqual(listAt(tagged, 'properties', 'acrux', 'workloadTokenAudiences'), ['api://AzureADTokenExchange'])
  expectStatus(await setAudiences([]), 200)
  assert.deepEqual(await statuses(job.token(), job.appId), new Set([401]))
  for (const invalid of ['x', [''], ['a b'], [1], ['x'.repeat(201)], Array.from({ length: 11 }, (_, n) => `a${n}`)]) {
    expectStatus(await setAudiences(invalid), 400)
  }
})

test('if several applications trust a token, the null GUID is denied and asks for a client id, and each client id works', async () => {
  const job = await createJob()
  const other = await createJob({ sub: job.sub })
  const token = job.token()
  const ambiguous = [
    await byQuery(nullGuid, token),
    await byForm(nullGuid, token),
    await get(server, path, basic(nullGuid, token)),
    await get(server, path, `Bearer ${token}`),
  ]
  for (const answer of ambiguous) {
    assert.match(messageOf(expectStatus(answer, 401)), /more than one application trusts the token: send the client id/)
    for (const { appId } of [job, other]) assert.doesNotMatch(answer.text(), new RegExp(appId))
  }
  for (const { appId } of [job, other]) {
    for (const answer of [await byQuery(appId, token), await byForm(appId, token)]) {
      assert.equal(partsOf(stringAt(expectStatus(answer, 200).json(), 'access_token')).claims['sub'], appId)
    }
    assert.equal((await get(server, path, basic(appId, token))).status, 200)
  }
  const stranger = await createServicePrincipal(server, 'stranger')
  expectStatus(await byForm(stranger.appId, token), 401)
})

test('the audit log has an event of its own for a workload token, with issuer, subject and the application', async () => {
  const job = await createJob()
  const token = job.token()
  expectStatus(await byForm(nullGuid, token), 200)
  expectStatus(await get(server, path, `Bearer ${token}`), 200)
  const filter = encodeURIComponent(`action eq 'token.workload-sign-in' and principalId eq '${job.objectId}'`)
  const read = await arm(server, 'GET', `${registryId(server)}/auditEvents?api-version=2024-11-01&$filter=${filter}`)
  const events = listAt(expectStatus(read, 200).json(), 'value')
  assert.deepEqual(
    events.map((event) => at(event, 'detail', 'sentTo')),
    ['data-plane', 'token-endpoint'],
  )
  for (const event of events) {
    assert.partialDeepStrictEqual(event, {
      outcome: 'success',
      actor: { kind: 'service-principal', id: job.objectId },
      target: loginServer,
      detail: { issuer: issuer.origin, subject: job.sub, audience: loginServer },
    })
    assert.match(stringAt(event, 'credential', 'id'), /^[0-9a-f-]{36}$/)
  }
  assert.doesNotMatch(read.text(), new RegExp(token.split('.')[1] ?? '-'))
})

test('a denial names the verified issuer and subject, and when the token expired or which audience was wanted', async () => {
  const job = await createJob()
  const exp = Math.floor(Date.now() / 1000) - 120
  const expiredAt = new Date(exp * 1000).toISOString()
  // prettier-ignore
  const cases: readonly (readonly [token: string, firstFailure: string, change: string, presented: object, message: RegExp])[] = [
    [job.token({ exp }),                          'expired',  'sign-in-again',            { expiredAt },                    new RegExp(`expired at ${expiredAt}`)],
    [job.token({ aud: 'other' }),                 'audience', 'get-new-token',            { wantedAudience: loginServer },  new RegExp(`wanted the audience ${loginServer}`)],
    [job.token({ aud: [loginServer, 'other'] }),  'audience', 'get-new-token',            { wantedAudience: loginServer },  /another audience, or for several audiences/],
    [job.token({ sub: 'repo:octo/other' }),       'subject',  'add-federated-credential', { subject: 'repo:octo/other' },   /no federated credential trusts the subject/],
  ]
  for (const [token, firstFailure, change, presented, message] of cases) {
    const answers = [
      await byForm(job.appId, token),
      await byQuery(nullGuid, token),
      await get(server, path, basic(job.appId, token)),
      await get(server, path, `Bearer ${token}`),
    ]
    for (const answer of answers) {
      assert.match(messageOf(expectStatus(answer, 401)), message)
      const id = String(answer.headers['x-ms-correlation-request-id'])
      const url = `${registryId(server)}/decisions/${id}?api-version=2025-03-01-preview`
      const told = expectStatus(await arm(server, 'GET', url), 200).json()
      assert.deepEqual([at(told, 'firstFailure'), at(told, 'smallestChange', 'kind')], [firstFailure, change])
      const nothing = { expiredAt: null, wantedAudience: null }
      const expected = { issuer: issuer.origin, subject: job.sub, ...nothing, ...presented }
      assert.deepEqual(at(told, 'presented'), expected)
    }
  }
  const ofThere = await createJob({ audience: second.loginServer })
  const wrong = await byForm(ofThere.appId, ofThere.token())
  assert.match(messageOf(expectStatus(wrong, 401)), new RegExp(`wanted the audience ${loginServer}, issuer`))
  const own = await byForm(ofThere.appId, ofThere.token({ aud: loginServer }))
  assert.doesNotMatch(messageOf(expectStatus(own, 401)), /wanted the audience/)
})

test('a workload token of a managed identity is a password too', async () => {
  const { id, clientId, objectId } = await createIdentity(server, 'builder')
  await assignRole(server, objectId, roles.acrPull, registryId(server))
  const subject = 'system:serviceaccount:team:builder'
  const properties = { issuer: issuer.origin, subject, audiences: [loginServer] }
  const trusted = await arm(server, 'PUT', `${id}/federatedIdentityCredentials/cluster?api-version=2023-01-31`, {
    properties,
  })
  expectStatus(trusted, 200, 201)
  const token = issuer.token({ sub: subject, aud: loginServer })
  assert.deepEqual(await statuses(token, clientId), new Set([200]))
})
