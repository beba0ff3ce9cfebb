import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, createServicePrincipal, expectStatus, registryId, type NewServicePrincipal } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, get, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied, assertUnauthorizedBody } from './denial.ts'
import { askExchange, grantedBy, tokensOf } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
for (const repository of ['team/app', 'team/api', 'other']) await pushImage(server, repository, '1', owner)
const layer = stringAt(listAt((await get(server, '/v2/other/manifests/1', owner)).json(), 'layers')[0], 'digest')
const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
expectStatus(await arm(server, 'PATCH', registryId(server), mode), 200)

const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
const repositoryWriter = '2a1e307c-b015-4ebd-883e-5b7698a07328'
const actions = 'Microsoft.ContainerRegistry/registries/repositories'
const named = (expression: string): string => `@Request[${actions}:name] ${expression}`
const manifest = (repository: string): string => `/v2/${repository}/manifests/1`
const pullOf = (repository: string): string => `repository:${repository}:pull`

const definitionId = (guid: string): string =>
  `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${guid}`

/** Gives a role on the registry under a condition, or changes the condition that is there. */
async function give(principal: NewServicePrincipal, guid: string, condition: string, name: string): Promise<void> {
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${name}`
  const given = { roleDefinitionId: definitionId(guid), principalId: principal.objectId, condition }
  expectStatus(await arm(server, 'PUT', id, { properties: given }), 200, 201)
}

async function beginUpload(repository: string, authorization: string): Promise<HttpResponse> {
  const url = `${registryUrl(server)}/v2/${repository}/blobs/uploads/`
  return request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
}

test('a condition that is narrowed is rejected at the next request, for tokens and passwords alike', async () => {
  const principal = await createServicePrincipal(server, 'narrowed')
  const assignment = randomUUID()
  await give(principal, repositoryReader, named("StringStartsWith 'team/'"), assignment)
  const tokens = await tokensOf(server, principal, [pullOf('team/app'), pullOf('team/api'), pullOf('other')])
  const bearer = `Bearer ${tokens.access}`
  const password = basic(principal.appId, principal.password)
  assert.deepEqual(Object.values(grantedBy(tokens.access)), [['pull'], ['pull']], 'for two of the three')
  for (const authorization of [bearer, password]) {
    assert.equal((await get(server, manifest('team/app'), authorization)).status, 200)
    assert.equal((await get(server, manifest('team/api'), authorization)).status, 200)
    assertUnauthorizedBody(await get(server, manifest('other'), authorization))
  }

  await give(principal, repositoryReader, named("StringEquals 'team/api'"), assignment)
  const denied = await get(server, manifest('team/app'), bearer)
  assertDenied(denied, { loginServer, scope: pullOf('team/app'), error: 'insufficient_scope' })
  assertUnauthorizedBody(await get(server, manifest('team/app'), password))
  assert.equal((await get(server, manifest('team/api'), bearer)).status, 200)
  const again = await accessToken(server, { refreshToken: tokens.refresh }, [pullOf('team/app'), pullOf('team/api')])
  assert.deepEqual(Object.values(grantedBy(again)), [['pull']])

  await give(principal, repositoryReader, named("StringEquals 'none'"), assignment)
  assertUnauthorizedBody(await get(server, manifest('team/api'), bearer))
  assert.equal((await askExchange(server, tokens.identity)).status, 200, 'an assignment is there all the same')
})

test('a condition on one action leaves the others of the role as they are', async () => {
  const principal = await createServicePrincipal(server, 'reads-elsewhere')
  const writes = `!(ActionMatches{'${actions}/content/write'}) OR (${named("StringEquals 'team/app'")})`
  await give(principal, repositoryWriter, writes, randomUUID())
  const password = basic(principal.appId, principal.password)
  assert.equal((await beginUpload('team/app', password)).status, 202)
  assertUnauthorizedBody(await beginUpload('other', password))
  assert.equal((await get(server, manifest('other'), password)).status, 200)
})

test('a mount takes from another repository only what a condition allows to read there', async () => {
  const principal = await createServicePrincipal(server, 'mounts')
  const assignment = randomUUID()
  const headers = { authorization: basic(principal.appId, principal.password) }
  const mount = async (): Promise<number> => {
    const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/?mount=${layer}&from=other`
    return (await request({ method: 'POST', url, headers, caFile: server.caFile })).status
  }
  await give(principal, repositoryWriter, named("StringEquals 'team/app'"), assignment)
  assert.equal(await mount(), 202, 'an upload begins instead')
  await give(principal, repositoryWriter, named("ForAnyOfAnyValues:StringEquals {'team/app', 'other'}"), assignment)
  assert.equal(await mount(), 201)
})

test('a condition on an unknown attribute allows no access, negated or not', async () => {
  const principal = await createServicePrincipal(server, 'unknown')
  const credential = { username: principal.appId, password: principal.password }
  const assignment = randomUUID()
  for (const condition of ['@Environment[isPrivateLink] BoolEquals false', "!(@Principal[a:b] StringEquals 'x')"]) {
    await give(principal, repositoryReader, condition, assignment)
    const answer = expectStatus(await askAccessToken(server, credential, [pullOf('other')]), 200)
    assert.deepEqual(grantedBy(stringAt(answer.json(), 'access_token')), {})
  }
})
