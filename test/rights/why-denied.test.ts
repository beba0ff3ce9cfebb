import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  as,
  assignRole,
  createRegistry,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  type NewServicePrincipal,
  roles,
} from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, get, nullGuid, onRegistry, pushImage, registryUrl, type Where } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { addSecret, askByPassword, askExchange, millisecondsOf, passed, tokensOf } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const repository = 'team/app'
const pull = `repository:${repository}:pull`

/** A registry of its own, so that no other test is affected, and a principal that may pull and push there. */
async function open(name: string) {
  const registry = await createRegistry(server, name)
  const where = { loginServer: registry.loginServer }
  const principal = await createServicePrincipal(server, name)
  await assignRole(server, principal.objectId, roles.acrPush, registry.id)
  const send = (method: string, path: string, authorization: string) =>
    request({ method, url: `${registryUrl(server, where)}${path}`, caFile: server.caFile, headers: { authorization } })
  return { registry, where, principal, send, pulling: (authorization: string) => askToPull(where, authorization) }
}

function askToPull(where: Where, authorization: string): Promise<HttpResponse> {
  return get(server, `/v2/${repository}/manifests/1`, authorization, where)
}

function correlationIdOf(answer: HttpResponse): string {
  return String(answer.headers['x-ms-correlation-request-id'])
}

/** The decision on an answer that denied. */
async function why(registryId: string, answer: HttpResponse): Promise<unknown> {
  assert.ok([401, 403].includes(answer.status), `${answer.status}`)
  const path = `${registryId}/decisions/${correlationIdOf(answer)}?api-version=2025-03-01-preview`
  return expectStatus(await arm(server, 'GET', path), 200).json()
}

/** Asserts that the decision names the principal, the check that failed first, and the smallest change. */
async function expectWhy(
  registryId: string,
  answer: HttpResponse,
  principal: { readonly kind: string; readonly id: string },
  [firstFailure, change]: readonly [firstFailure: string, change: string],
): Promise<void> {
  const told = await why(registryId, answer)
  assert.deepEqual(at(told, 'principal'), principal)
  assert.deepEqual([at(told, 'firstFailure'), at(told, 'smallestChange', 'kind')], [firstFailure, change])
}

const proved = ({ objectId }: NewServicePrincipal) => ({ kind: 'service-principal', id: objectId })
const claimed = (id: string) => ({ kind: 'claimed', id })

test('a denial names the switch of the mode as the reason, for used and unused tokens', async () => {
  const { registry, principal, pulling, where } = await open('whymode')
  const used = await tokensOf(server, principal, [pull], where)
  const unused = await tokensOf(server, principal, [pull], where)
  assert.equal((await pulling(`Bearer ${used.access}`)).status, 404)
  const properties = { roleAssignmentMode: 'AbacRepositoryPermissions' }
  expectStatus(await arm(server, 'PATCH', registry.id, { properties }), 200)
  const denied = [
    await pulling(`Bearer ${used.access}`),
    await pulling(`Bearer ${unused.access}`),
    await askByPassword(server, { username: nullGuid, password: unused.refresh }, pull, where),
  ]
  for (const answer of denied) {
    await expectWhy(registry.id, answer, proved(principal), ['mode-was-switched', 'sign-in-again'])
  }
})

test('a denial names the recreation of a repository as the reason', async () => {
  const { registry, principal, pulling, send, where } = await open('whyrepository')
  const secret = basic(principal.appId, principal.password)
  await assignRole(server, principal.objectId, roles.acrDelete, registry.id)
  await pushImage(onRegistry(server, where), repository, '1', secret)
  const before = `Bearer ${(await tokensOf(server, principal, [pull], where)).access}`
  assert.equal((await pulling(before)).status, 200)
  expectStatus(await send('DELETE', `/acr/v1/${repository}`, secret), 202)
  await pushImage(onRegistry(server, where), repository, '1', secret)
  const denied = await pulling(before)
  await expectWhy(registry.id, denied, proved(principal), ['repository-was-made-again', 'sign-in-again'])
})

test('a denial names a disabled and a deleted principal as the reason, for each credential', async () => {
  const { registry, principal, pulling, where } = await open('whyprincipal')
  const tokens = await tokensOf(server, principal, [pull], where)
  const unused = await tokensOf(server, principal, [pull], where)
  const secret = basic(principal.appId, principal.password)
  assert.equal((await pulling(`Bearer ${tokens.access}`)).status, 404)
  const path = `/servicePrincipals/${principal.objectId}`
  expectStatus(await graph(server, 'PATCH', path, { accountEnabled: false }), 204)
  for (const answer of [
    await pulling(`Bearer ${tokens.access}`),
    await pulling(`Bearer ${unused.access}`),
    await askByPassword(server, { username: nullGuid, password: tokens.refresh }, pull, where),
  ]) {
    await expectWhy(registry.id, answer, proved(principal), ['principal-is-disabled', 'enable-principal'])
  }
  for (const answer of [
    await pulling(secret),
    await askByPassword(server, { username: principal.appId, password: principal.password }, pull, where),
  ]) {
    await expectWhy(registry.id, answer, claimed(principal.appId), ['principal-is-disabled', 'enable-principal'])
  }
  const exchanged = await askExchange(server, tokens.identity, where)
  await expectWhy(registry.id, exchanged, proved(principal), ['principal-is-disabled', 'enable-principal'])

  expectStatus(await graph(server, 'DELETE', path), 204)
  const gone = await askExchange(server, tokens.identity, where)
  await expectWhy(registry.id, gone, proved(principal), ['principal-is-gone', 'sign-in-again'])
  const bearer = await pulling(`Bearer ${tokens.access}`)
  await expectWhy(registry.id, bearer, proved(principal), ['principal-is-gone', 'sign-in-again'])
  await expectWhy(registry.id, await pulling(secret), claimed(principal.appId), ['unknown-user-name', 'sign-in-again'])
})

test('a denial names a wrong, an expired and a withdrawn secret as the reason', async () => {
  const { registry, principal, pulling, where } = await open('whysecret')
  const further = await addSecret(server, principal, 60_000)
  const tokens = await tokensOf(server, further, [pull], where)
  const path = `/applications/${principal.applicationObjectId}/removePassword`
  expectStatus(await graph(server, 'POST', path, { keyId: further.keyId }), 204)
  const bearer = await pulling(`Bearer ${tokens.access}`)
  await expectWhy(registry.id, bearer, proved(principal), ['credential-is-withdrawn', 'sign-in-again'])
  const withdrawn = await pulling(basic(further.appId, further.password))
  await expectWhy(registry.id, withdrawn, claimed(principal.appId), ['wrong-password', 'sign-in-again'])
  const mistyped = await askByPassword(server, { username: principal.appId, password: 'mistyped' }, pull, where)
  await expectWhy(registry.id, mistyped, claimed(principal.appId), ['wrong-password', 'sign-in-again'])
  // An end that has come before the request arrives is denied.
  const validMs = 1500 + 10 * (await millisecondsOf(() => addSecret(server, principal, 60_000)))
  const short = await addSecret(server, principal, validMs)
  await passed(Date.now() + validMs)
  const expired = await pulling(basic(short.appId, short.password))
  await expectWhy(registry.id, expired, claimed(principal.appId), ['credential-is-expired', 'sign-in-again'])
})

test('a denial names a token in the place of a password, of another kind or of another registry as the reason', async () => {
  const { registry, principal, pulling, where } = await open('whytoken')
  const tokens = await tokensOf(server, principal, [pull], where)
  const asPassword = await pulling(basic(nullGuid, tokens.refresh))
  await expectWhy(registry.id, asPassword, proved(principal), ['token-in-place-of-password', 'get-new-token'])
  const asBearer = await pulling(`Bearer ${tokens.refresh}`)
  await expectWhy(registry.id, asBearer, proved(principal), ['token-of-another-kind', 'sign-in-again'])
  const other = await open('whytoken2')
  const elsewhere = await other.pulling(`Bearer ${tokens.access}`)
  await expectWhy(other.registry.id, elsewhere, claimed(''), ['another-registry', 'sign-in-again'])
  const forged = await pulling('Bearer x.y.z')
  await expectWhy(registry.id, forged, claimed(''), ['invalid-credential', 'sign-in-again'])
  const unusable = await pulling('Negotiate abc')
  await expectWhy(registry.id, unusable, claimed(''), ['unusable-authorization', 'sign-in-again'])
})

test('a denial names an identity token for ARM that the registry does not accept, and a malformed one', async () => {
  const { registry, principal, where } = await open('whyaudience')
  const { identity } = await tokensOf(server, principal, [pull], where)
  const policies = { azureADAuthenticationAsArmPolicy: { status: 'disabled' } }
  expectStatus(await arm(server, 'PATCH', registry.id, { properties: { policies } }), 200)
  const denied = await askExchange(server, identity, where)
  await expectWhy(registry.id, denied, proved(principal), ['arm-tokens-are-rejected', 'enable-arm-tokens'])
  const forged = await askExchange(server, 'x.y.z', where)
  await expectWhy(registry.id, forged, claimed(''), ['malformed', 'sign-in-again'])
})

test('a denial names a disabled admin account, a disabled scoped token and an unknown name as the reason', async () => {
  const { registry, pulling, where } = await open('whynames')
  const admin = await enableAdmin(server, registry.name)
  expectStatus(await arm(server, 'PATCH', registry.id, { properties: { adminUserEnabled: false } }), 200)
  const off = await pulling(basic(admin.username, admin.password))
  await expectWhy(registry.id, off, claimed(admin.username), ['admin-account-is-off', 'enable-admin-account'])
  const tokenId = `${registry.id}/tokens/device`
  const properties = { scopeMapId: `${registry.id}/scopeMaps/_repositories_pull`, status: 'enabled' }
  expectStatus(await arm(server, 'PUT', tokenId, { properties }), 200, 201)
  const made = expectStatus(await arm(server, 'POST', `${registry.id}/generateCredentials`, { tokenId }), 200).json()
  const password = stringAt(made, 'passwords', 0, 'value')
  assert.equal((await pulling(basic('device', password))).status, 404)
  expectStatus(await arm(server, 'PATCH', tokenId, { properties: { status: 'disabled' } }), 200, 201)
  for (const answer of [await pulling(basic('device', password)), await pulling(basic('device', password))]) {
    assert.equal(at(await why(registry.id, answer), 'firstFailure'), 'scoped-token-is-off')
  }
  const asked = await askByPassword(server, { username: 'device', password }, pull, where)
  await expectWhy(registry.id, asked, claimed('device'), ['scoped-token-is-off', 'enable-scoped-token'])
  const nobody = await pulling(basic('stranger', 'x'))
  await expectWhy(registry.id, nobody, claimed('stranger'), ['unknown-user-name', 'sign-in-again'])
})

test('a denial of the token endpoint names the requested scopes', async () => {
  const { registry, where } = await open('whyasked')
  const url = `${registryUrl(server, where)}/oauth2/token?service=${where.loginServer}&scope=${encodeURIComponent(pull)}`
  const anonymous = await request({ method: 'GET', url, caFile: server.caFile })
  const mistyped = await askByPassword(server, { username: 'device', password: 'x' }, pull, where)
  await expectWhy(registry.id, anonymous, { kind: 'anonymous', id: '' }, [
    'anonymous-pull-is-off',
    'enable-anonymous-pull',
  ])
  for (const answer of [anonymous, mistyped]) {
    const token = { asked: [pull], granted: '', leftOut: [] }
    assert.deepEqual(at(await why(registry.id, answer), 'token'), token)
  }
})

test('a recreated registry reveals no earlier denials, and reports that a token was of the earlier registry', async () => {
  const { registry, principal, pulling, where } = await open('whyagain')
  const tokens = await tokensOf(server, principal, [pull], where)
  const denied = await pulling(basic('stranger', 'x'))
  await why(registry.id, denied)
  expectStatus(await arm(server, 'DELETE', registry.id), 200, 202, 204)
  const again = await createRegistry(server, registry.name)
  const path = `${again.id}/decisions/${correlationIdOf(denied)}?api-version=2025-03-01-preview`
  assert.equal((await arm(server, 'GET', path)).status, 404)
  const old = await pulling(`Bearer ${tokens.access}`)
  await expectWhy(again.id, old, claimed(''), ['registry-was-made-again', 'sign-in-again'])
})

test('the log names the failed check of an identity token that ARM denies', async () => {
  const { principal, where } = await open('whyarm')
  const { identity } = await tokensOf(server, principal, [pull], where)
  expectStatus(await graph(server, 'PATCH', `/servicePrincipals/${principal.objectId}`, { accountEnabled: false }), 204)
  for (const [token, firstFailure, kind] of [
    [identity, 'principal-is-disabled', 'enable-principal'],
    ['x.y.z', 'malformed', 'sign-in-again'],
  ] as const) {
    const denied = await arm(as(server, token), 'GET', '/subscriptions?api-version=2020-01-01')
    assert.equal(denied.status, 401)
    const filter = encodeURIComponent(`correlationId eq '${correlationIdOf(denied)}'`)
    const events = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/auditEvents`
    const found = expectStatus(await arm(server, 'GET', `${events}?api-version=2024-11-01&$filter=${filter}`), 200)
    const decision = at(found.json(), 'value', 0, 'detail', 'decision')
    assert.deepEqual([at(decision, 'firstFailure'), at(decision, 'smallestChange', 'kind')], [firstFailure, kind])
  }
})
