import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  arm,
  armScope,
  armToken,
  as,
  createRegistry,
  expectStatus,
  principalWithRole,
  registryId,
  roles,
} from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { accessToken, basic, get, onRegistry, pushImage, putManifest, registryUrl } from '../harness/registry.ts'
import { signGenuinely } from '../harness/genuine-keys.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied } from '../rights/denial.ts'
import { addSecret, millisecondsOf, passed, tokensOf } from '../rights/tokens.ts'
import { assertAcceptedOnlyBy, type Endpoint, endpointsOf } from './endpoints.ts'
import { partsOf } from './forged-token.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer, servicePrincipal, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const scope = 'repository:team/app:pull'
const path = '/v2/team/app/manifests/1'
const acrScope = 'https://containerregistry.azure.net/.default'
const graphScope = `${server.baseUrl}/graph//.default`
await pushImage(server, 'team/app', '1', owner)
const second = await createRegistry(server, 'second')
const there = { loginServer: second.loginServer }
await pushImage(onRegistry(server, there), 'team/app', '1', owner)
const endpoints = endpointsOf(server, wire, { path, scope })
const doorsThere = endpointsOf(server, wire, { path, scope }, there)
const tokenEndpoints = ['password grant', 'token by Basic']

test('fault 6: each kind of token is accepted by its own endpoints and by no other', async () => {
  const here = await tokensOf(server, servicePrincipal, [scope])
  await assertAcceptedOnlyBy(endpoints, here.identity, ['exchange', 'management'])
  await assertAcceptedOnlyBy(endpoints, await armToken(server, servicePrincipal, acrScope), ['exchange'])
  await assertAcceptedOnlyBy(endpoints, await armToken(server, servicePrincipal, graphScope), ['directory'])
  await assertAcceptedOnlyBy(endpoints, here.refresh, ['refresh grant', ...tokenEndpoints])
  await assertAcceptedOnlyBy(endpoints, here.access, ['data plane', 'version check', ...tokenEndpoints])
})

test('fault 6: the tokens of one registry are denied at another registry of the same server', async () => {
  const here = await tokensOf(server, servicePrincipal, [scope])
  await assertAcceptedOnlyBy(doorsThere, here.refresh, [])
  await assertAcceptedOnlyBy(doorsThere, here.access, [])
  const ofThere = await tokensOf(server, servicePrincipal, [scope], there)
  await assertAcceptedOnlyBy(doorsThere, ofThere.access, ['data plane', 'version check', ...tokenEndpoints])
  await assertAcceptedOnlyBy(endpoints, ofThere.access, [])
  await assertAcceptedOnlyBy(endpoints, ofThere.refresh, [])
})

test('fault 6: an access token used as a password never gives more access than it carries', async () => {
  const narrow = await accessToken(server, { username: servicePrincipal.appId, password: servicePrincipal.password }, [
    scope,
  ])
  const asked = ['repository:team/app:pull,push,delete', 'repository:other:pull', 'registry:catalog:*']
  const nullGuid = '00000000-0000-0000-0000-000000000000'
  const wider = await accessToken(server, { username: nullGuid, password: narrow }, asked)
  const { access } = partsOf(wider).claims
  assert.deepEqual(access, [{ type: 'repository', name: 'team/app', actions: ['pull'] }])
  assert.ok(Number(partsOf(wider).claims['exp']) <= Number(partsOf(narrow).claims['exp']))
})

test('fault 5: the audience of an identity token is one string, and the provider issues only for audiences that it knows', async () => {
  for (const one of [armScope, acrScope, graphScope]) {
    assert.equal(typeof partsOf(await armToken(server, servicePrincipal, one)).claims['aud'], 'string')
  }
  const denied = [
    'https://example.com/.default',
    `${server.baseUrl}/v2/.default`,
    `https://other.${loginServer}/.default`,
    `${armScope} ${acrScope}`,
    `${acrScope} ${graphScope}`,
    'openid',
    '.default',
    '',
  ]
  for (const wanted of denied) {
    const url = `${server.baseUrl}/${tenantId}/oauth2/v2.0/token`
    const { appId, password } = servicePrincipal
    const fields = { grant_type: 'client_credentials', client_id: appId, client_secret: password, scope: wanted }
    const answer = await request({ method: 'POST', url, caFile: server.caFile, ...form(fields) })
    assert.equal(answer.status, 400, `scope ${wanted}: ${answer.text()}`)
    assert.equal(at(answer.json(), 'access_token'), undefined)
    assert.ok(stringAt(answer.json(), 'error').length > 0)
  }
})

/** The endpoints that each kind opens, and the claims that only inform: without one of them, a token opens the same endpoints. */
const kinds = {
  identity: { opens: ['exchange', 'management'], informative: ['appidacr', 'azpacr', 'idp', 'uti'] },
  refresh: {
    opens: ['refresh grant', ...tokenEndpoints],
    informative: ['version', 'appid', 'roles', 'tenant', 'permissions'],
  },
  access: {
    opens: ['data plane', 'version check', ...tokenEndpoints],
    informative: ['version', 'appid', 'roles', 'tenant', 'permissions'],
  },
} as const

for (const kind of ['identity', 'refresh', 'access'] as const) {
  test(`fault 4: a token that the server's own key signed (${kind}) is denied if a required claim is missing or has another type`, async () => {
    const genuine = await tokensOf(server, servicePrincipal, [scope])
    const { header, claims } = partsOf(genuine[kind])
    const { opens, informative } = kinds[kind]
    await assertAcceptedOnlyBy(endpoints, signGenuinely(server, header, claims), opens)
    for (const claim of Object.keys(claims)) {
      for (const value of [undefined, null, {}]) {
        const token = signGenuinely(server, header, { ...claims, [claim]: value })
        if (claim === 'access' && value === undefined) {
          await assertAcceptedOnlyBy({ data: endpoints['data plane'] as Endpoint }, token, [])
          continue
        }
        await assertAcceptedOnlyBy(endpoints, token, (informative as readonly string[]).includes(claim) ? opens : [])
      }
    }
  })
}

async function beginUpload(authorization: string, repository: string): Promise<HttpResponse> {
  const url = `${registryUrl(server)}/v2/${repository}/blobs/uploads/`
  return request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
}

test('fault 4: a token for a deleted repository has no access to a new repository of the same name', async () => {
  const everything = 'pull,push,delete,metadata_read,metadata_write'
  const wanted = `repository:reborn:${everything}`
  await pushImage(server, 'reborn', '1', owner)
  const credential = { username: servicePrincipal.appId, password: servicePrincipal.password }
  const old = `Bearer ${await accessToken(server, credential, [wanted])}`
  const upload = await beginUpload(old, 'reborn')
  const location = new URL(upload.headers.location ?? '', registryUrl(server))
  const url = `${registryUrl(server)}/acr/v1/reborn`
  expectStatus(await request({ method: 'DELETE', url, headers: { authorization: owner }, caFile: server.caFile }), 202)
  const image = await pushImage(server, 'reborn', '1', owner)

  const blob = image.layers[0]?.digest ?? ''
  const reads = ['manifests/1', `manifests/${image.digest}`, `blobs/${blob}`, `referrers/${image.digest}`]
  for (const read of reads) {
    const denied = await get(server, `/v2/reborn/${read}`, old)
    assertDenied(denied, { loginServer, scope: 'repository:reborn:pull', error: 'invalid_token' })
  }
  for (const read of ['/v2/reborn/tags/list', '/acr/v1/reborn', '/acr/v1/reborn/_tags', '/acr/v1/reborn/_manifests']) {
    assert.equal((await get(server, read, old)).status, 401, read)
  }
  assert.equal((await beginUpload(old, 'reborn')).status, 401)
  const { mediaType } = image
  assert.equal(
    (await putManifest(server, 'reborn', { reference: '2', mediaType, bytes: image.manifest }, old)).status,
    401,
  )
  const headers = { authorization: old }
  for (const target of [`/v2/reborn/manifests/${image.digest}`, '/acr/v1/reborn/_tags/1', '/acr/v1/reborn']) {
    const gone = await request({
      method: 'DELETE',
      url: `${registryUrl(server)}${target}`,
      headers,
      caFile: server.caFile,
    })
    assert.equal(gone.status, 401, target)
  }
  const onward = await request({ method: 'PATCH', url: location, headers, body: 'x', caFile: server.caFile })
  assert.ok([401, 404].includes(onward.status), `the old upload goes on: ${onward.status}`)
  const mount = `${registryUrl(server)}/v2/team/app/blobs/uploads/?mount=${blob}&from=reborn`
  const both = await accessToken(server, credential, ['repository:team/app:pull,push'])
  const mounted = await request({
    method: 'POST',
    url: mount,
    headers: { authorization: `Bearer ${both}` },
    caFile: server.caFile,
  })
  assert.equal(mounted.status, 202, 'a mount from a repository that the token does not name')
  assert.equal((await get(server, '/v2/reborn/manifests/1', owner)).status, 200)
})

test('a new token pushes a repository again in the same second in which it was deleted', async () => {
  const credential = { username: servicePrincipal.appId, password: servicePrincipal.password }
  const askAgain = () => accessToken(server, credential, ['repository:at-once:pull,push'])
  await pushImage(server, 'at-once', '1', owner)
  const url = `${registryUrl(server)}/acr/v1/at-once`
  await setTimeout(1000 - (Date.now() % 1000))
  const before = await askAgain()
  expectStatus(await request({ method: 'DELETE', url, headers: { authorization: owner }, caFile: server.caFile }), 202)
  const after = await askAgain()
  assert.notEqual(after, before)
  await pushImage(server, 'at-once', '1', `Bearer ${after}`)
  assert.equal((await beginUpload(`Bearer ${before}`, 'at-once')).status, 401)
})

test('fault 15: a secret and the tokens issued for it work until the secret expires, and not later', async () => {
  const principal = await principalWithRole(server, 'short-lived', roles.acrPull)
  const takesMs = await millisecondsOf(() => tokensOf(server, principal, [scope]))
  const lastMs = 1000 + 5 * takesMs
  const validMs = 2000 + 2 * lastMs
  const secret = await addSecret(server, principal, validMs)
  const ends = Date.now() + validMs
  const tokens = await tokensOf(server, secret, [scope])
  const used = basic(secret.appId, secret.password)
  for (const token of Object.values(tokens)) {
    assert.ok(Number(partsOf(token).claims['exp']) * 1000 <= ends + 1000, 'a token outlives the secret it was got with')
  }
  await passed(ends - lastMs)
  for (const authorization of [used, `Bearer ${tokens.access}`]) {
    assert.equal((await get(server, path, authorization)).status, 200, 'denied before its time')
  }
  await passed(ends + 1000)
  await assertAcceptedOnlyBy(endpoints, tokens.identity, [])
  await assertAcceptedOnlyBy(endpoints, tokens.refresh, [])
  await assertAcceptedOnlyBy(endpoints, tokens.access, [])
  assert.equal((await get(server, path, used)).status, 401)
  assert.equal((await get(server, '/v2/', used)).status, 401)
})

test('fault 15: the lifetimes of tokens equal those of Azure, to the second', async () => {
  const tokens = await tokensOf(server, servicePrincipal, [scope])
  const lifetime = (token: string): number => {
    const { exp, iat, nbf } = partsOf(token).claims
    assert.equal(nbf, iat)
    return Number(exp) - Number(iat)
  }
  assert.equal(lifetime(tokens.access), 75 * 60)
  assert.equal(lifetime(tokens.refresh), 3 * 60 * 60)
  assert.ok(lifetime(tokens.identity) <= 24 * 60 * 60)
  const document = await arm(as(server, tokens.identity), 'GET', registryId(server))
  assert.equal(document.status, 200)
})
