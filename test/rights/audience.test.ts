import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, armToken, as, type ClientSecret, expectStatus, registryId } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { get, nullGuid, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertManagementDenied, assertDenied, assertUnauthorizedBody } from './denial.ts'
import { askExchange, tokensOf } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal } = server.firstRun
const owner: ClientSecret = servicePrincipal
const pull = 'repository:team/app:pull'
const acrScope = 'https://containerregistry.azure.net/.default'
const graphScope = `${server.baseUrl}/graph//.default`
await pushImage(server, 'team/app', '1', basic(owner.appId, owner.password))

test('the exchange takes an identity token for ARM and one for ACR, and none for the directory', async () => {
  expectStatus(await askExchange(server, await armToken(server, owner)), 200)
  expectStatus(await askExchange(server, await armToken(server, owner, acrScope)), 200)
  assertUnauthorizedBody(await askExchange(server, await armToken(server, owner, graphScope)))
})

test('a registry that wants no ARM tokens takes those for ACR alone', async () => {
  const policy = (status: string) => ({ properties: { policies: { azureADAuthenticationAsArmPolicy: { status } } } })
  expectStatus(await arm(server, 'PATCH', registryId(server), policy('disabled')), 200)
  assertUnauthorizedBody(await askExchange(server, await armToken(server, owner)))
  expectStatus(await askExchange(server, await armToken(server, owner, acrScope)), 200)
  expectStatus(await arm(server, 'PATCH', registryId(server), policy('enabled')), 200)
  expectStatus(await askExchange(server, await armToken(server, owner)), 200)
})

test('no token is good for what another kind is for', async () => {
  const tokens = await tokensOf(server, owner, [pull])
  const path = '/v2/team/app/manifests/1'
  for (const token of [tokens.identity, tokens.refresh]) {
    const denied = await get(server, path, `Bearer ${token}`)
    assertDenied(denied, { loginServer, scope: pull, error: 'invalid_token' })
  }
  for (const token of [tokens.refresh, tokens.access]) {
    assertUnauthorizedBody(await askExchange(server, token))
    const listed = await arm(as(server, token), 'GET', '/subscriptions')
    assertManagementDenied(listed, 401, /./)
  }
  const forAcr = await armToken(server, owner, acrScope)
  assertManagementDenied(await arm(as(server, forAcr), 'GET', '/subscriptions'), 401, /./)
  // The null GUID's refresh token is for the token endpoint alone [Azure/acr#98].
  assertUnauthorizedBody(await get(server, path, basic(nullGuid, tokens.refresh)))
})

test('the management surface wants a token', async () => {
  const url = `${server.baseUrl}${registryId(server)}?api-version=2025-03-01-preview`
  const bare = await request({ url, caFile: server.caFile })
  assertManagementDenied(bare, 401, /./)
  const bySecret = await request({
    url,
    caFile: server.caFile,
    headers: { authorization: basic(owner.appId, owner.password) },
  })
  assertManagementDenied(bySecret, 401, /./)
  assert.ok(registryUrl(server).startsWith('https://'))
})
