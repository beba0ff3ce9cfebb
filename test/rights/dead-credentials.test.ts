import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  as,
  type ClientSecret,
  createServicePrincipal,
  expectStatus,
  principalWithRole,
  registryId,
  roles,
} from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, get, nullGuid, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertBasicDenied, assertManagementDenied, assertDenied, assertUnauthorizedBody } from './denial.ts'
import {
  addSecret,
  askByPassword,
  askExchange,
  askIdentity,
  millisecondsOf,
  passed,
  removeSecret,
  tokensOf,
} from './tokens.ts'
import type { Tokens } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, registry, servicePrincipal } = server.firstRun
const manifestPath = '/v2/team/app/manifests/1'
const pull = 'repository:team/app:pull'
const hour = 60 * 60 * 1000
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

/** Holds that the name and password open nothing: neither grant of the token endpoint, nor the data plane. */
async function assertDead(username: string, password: string): Promise<void> {
  for (const scopes of [[], [pull]])
    assertUnauthorizedBody(await askAccessToken(server, { username, password }, scopes))
  assertUnauthorizedBody(await askByPassword(server, { username, password }, pull))
  for (const path of ['/v2/', manifestPath, '/acr/v1/_catalog']) {
    assertBasicDenied(await get(server, path, basic(username, password)))
  }
}

async function assertAlive(username: string, password: string): Promise<void> {
  await accessToken(server, { username, password }, [pull])
  assert.equal((await get(server, manifestPath, basic(username, password))).status, 200)
}

/** Holds that the identity provider denies a secret in Entra's words. */
async function assertNoIdentity(principal: ClientSecret, status: number, error: string, code: number): Promise<void> {
  const answer = await askIdentity(server, principal)
  assert.equal(answer.status, status)
  assert.equal(stringAt(answer.json(), 'error'), error)
  assert.deepEqual(listAt(answer.json(), 'error_codes'), [code])
  assert.match(stringAt(answer.json(), 'error_description'), new RegExp(`^AADSTS${code}: `))
}

/** Holds that tokens which have not expired are denied all the same, wherever they are shown. */
async function assertTokensDead(tokens: Tokens): Promise<void> {
  const bearer = `Bearer ${tokens.access}`
  assertDenied(await get(server, manifestPath, bearer), { loginServer, scope: pull, error: 'invalid_token' })
  assertDenied(await get(server, '/v2/', bearer), { loginServer, error: 'invalid_token' })
  assertUnauthorizedBody(await askAccessToken(server, { refreshToken: tokens.refresh }, [pull]))
  for (const password of [tokens.refresh, tokens.access]) {
    assertUnauthorizedBody(await askAccessToken(server, { username: nullGuid, password }, [pull]))
  }
  assertUnauthorizedBody(await askExchange(server, tokens.identity))
  assertManagementDenied(await arm(as(server, tokens.identity), 'GET', '/subscriptions'), 401, /./)
}

async function assertTokensAlive(tokens: Tokens): Promise<void> {
  assert.equal((await get(server, manifestPath, `Bearer ${tokens.access}`)).status, 200)
  await accessToken(server, { refreshToken: tokens.refresh }, [pull])
  expectStatus(await askExchange(server, tokens.identity), 200)
  expectStatus(await arm(as(server, tokens.identity), 'GET', '/subscriptions'), 200)
}

test('a wrong secret of a service principal opens nothing', async () => {
  const principal = await principalWithRole(server, 'mistyped', roles.acrPull)
  await assertAlive(principal.appId, principal.password)
  const { password } = principal
  for (const wrong of ['', 'x', `${password}x`, ` ${password}`, password.slice(0, -1), password.toLowerCase()]) {
    await assertDead(principal.appId, wrong)
    await assertNoIdentity(
      { appId: principal.appId, password: wrong === '' ? ' ' : wrong },
      401,
      'invalid_client',
      7_000_215,
    )
  }
})

test('an unknown user name opens nothing', async () => {
  const appId = '5b6a8c0e-9a43-4f9b-8a57-0a2d3c1f7e11'
  for (const name of [appId, 'nobody', registry, nullGuid, '<token>', '']) await assertDead(name, 'x'.repeat(40))
  await assertNoIdentity({ appId, password: 'x'.repeat(40) }, 400, 'unauthorized_client', 700_016)
})

test('one principal’s secret is invalid with another’s name', async () => {
  const one = await principalWithRole(server, 'one', roles.acrPull)
  const two = await principalWithRole(server, 'two', roles.acrPull)
  await assertDead(one.appId, two.password)
  await assertDead(registry, one.password)
  await assertDead(nullGuid, one.password)
})

test('an expired secret opens nothing, and neither do the tokens that it had got', async () => {
  const principal = await principalWithRole(server, 'expiring', roles.acrPull)
  const lasting = await tokensOf(server, principal, [pull])
  const takesMs = await millisecondsOf(async () => assertTokensAlive(await tokensOf(server, principal, [pull])))
  const validMs = 2_000 + 10 * takesMs
  const secret = await addSecret(server, principal, validMs)
  const expiresAtMs = Date.now() + validMs
  const tokens = await tokensOf(server, secret, [pull])
  await assertTokensAlive(tokens)

  await passed(expiresAtMs)
  await assertDead(secret.appId, secret.password)
  await assertNoIdentity(secret, 401, 'invalid_client', 7_000_222)
  await assertTokensDead(tokens)
  await assertAlive(principal.appId, principal.password)
  await assertTokensAlive(lasting)
})

test('fault 16: a removed secret opens nothing from the next request on, and the other secret keeps working', async () => {
  const principal = await principalWithRole(server, 'rotating', roles.acrPull)
  const secret = await addSecret(server, principal, hour)
  const removed = await tokensOf(server, secret, [pull])
  const kept = await tokensOf(server, principal, [pull])
  const removedDirectly = await accessToken(server, { username: secret.appId, password: secret.password }, [pull])
  await assertTokensAlive(removed)

  await removeSecret(server, principal, secret.keyId)
  await assertTokensDead(removed)
  const denied = await get(server, manifestPath, `Bearer ${removedDirectly}`)
  assertDenied(denied, { loginServer, scope: pull, error: 'invalid_token' })
  await assertDead(secret.appId, secret.password)
  await assertNoIdentity(secret, 401, 'invalid_client', 7_000_215)
  await assertAlive(principal.appId, principal.password)
  await assertTokensAlive(kept)
})

test('the admin account, which is off at first, opens nothing until it is on', async () => {
  for (const password of ['', 'admin', 'Admin12345', registry, nullGuid]) await assertDead(registry, password)
  const listing = await arm(server, 'POST', `${registryId(server)}/listCredentials`)
  assert.ok(listing.status >= 400 && listing.status < 500, `listCredentials answered ${listing.status}`)
  assert.match(stringAt(listing.json(), 'error', 'code'), /^UnAuthorizedForCredentialOperations$/)
})

test('a principal that was given no role signs in to the provider and to no registry', async () => {
  const stranger = await createServicePrincipal(server, 'stranger')
  const identity = stringAt(expectStatus(await askIdentity(server, stranger), 200).json(), 'access_token')
  assertUnauthorizedBody(await askExchange(server, identity))
  const denied = await get(server, manifestPath, basic(stranger.appId, stranger.password))
  assertUnauthorizedBody(denied)
})
