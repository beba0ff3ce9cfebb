import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  type NewServicePrincipal,
  principalWithRole,
  registryId,
  removeRole,
  roles,
  setAnonymousPull,
} from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, type Credential, get, pushImage } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied } from './denial.ts'
import { grantedBy } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const names = ['other', 'team-b/app', 'team/api', 'team/app', 'tools/app']
for (const repository of names) await pushImage(server, repository, '1', owner)

const list = '/acr/v1/_repositories'
const scope = 'registry:repositories:*'
const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
const catalogLister = 'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7'
const nameAttribute = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'

async function switchMode(roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions') {
  expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { roleAssignmentMode } }), 200)
}

/** Assigns a role on the registry, with a condition if one is given. Returns the id of the assignment. */
async function give({ objectId }: NewServicePrincipal, role: string, condition?: string): Promise<string> {
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`
  const properties = { roleDefinitionId, principalId: objectId, ...(condition !== undefined && { condition }) }
  expectStatus(await arm(server, 'PUT', id, { properties }), 201)
  return id
}

/** The names in the list for a caller, by password and by a token, which must agree. */
async function listedFor(credential: { username: string; password: string }, query = ''): Promise<string[]> {
  const token = await accessToken(server, credential, [scope])
  assert.deepEqual(grantedBy(token), { 'registry:repositories': ['*'] })
  const read = async (authorization: string) => {
    const answer = expectStatus(await get(server, `${list}${query}`, authorization), 200)
    return listAt(answer.json(), 'repositories').map((row) => stringAt(row, 'name'))
  }
  const byToken = await read(`Bearer ${token}`)
  assert.deepEqual(await read(basic(credential.username, credential.password)), byToken)
  return byToken
}

const credentialOf = ({ appId, password }: NewServicePrincipal) => ({ username: appId, password })

const conditions: readonly [condition: string, listed: readonly string[]][] = [
  [`${nameAttribute} StringStartsWith 'team/'`, ['team/api', 'team/app']],
  [`${nameAttribute} StringStartsWithIgnoreCase 'TEAM/'`, ['team/api', 'team/app']],
  [
    `${nameAttribute} StringEquals 'team/app' OR ${nameAttribute} StringEqualsIgnoreCase 'OTHER'`,
    ['other', 'team/app'],
  ],
  [`${nameAttribute} StringLike 'team*/app'`, ['team-b/app', 'team/app']],
  [`${nameAttribute} StringLike '*/app'`, ['team-b/app', 'team/app', 'tools/app']],
  [`${nameAttribute} StringNotStartsWith 'team'`, ['other', 'tools/app']],
  [`${nameAttribute} StringStartsWith 'team/' AND ${nameAttribute} StringNotEquals 'team/api'`, ['team/app']],
  [`${nameAttribute} StringEquals 'none'`, []],
]

test('a caller without the catalog lists exactly the repositories that its condition permits to pull', async () => {
  await switchMode('AbacRepositoryPermissions')
  const puller = await createServicePrincipal(server, 'limited')
  assertDenied(await get(server, list, basic(puller.appId, puller.password)), {
    loginServer,
    scope,
    error: 'insufficient_scope',
  })
  for (const [condition, listed] of conditions) {
    const id = await give(puller, repositoryReader, condition)
    assert.deepEqual(await listedFor(credentialOf(puller)), listed, condition)
    assert.deepEqual(
      (await listedFor(credentialOf(puller), '?orderby=size%20asc&filter=team')).toSorted(),
      listed.filter((name) => name.startsWith('team')).toSorted(),
      condition,
    )
    const catalog = await get(server, '/acr/v1/_catalog', basic(puller.appId, puller.password))
    assert.equal(catalog.status, 401, 'the catalog stays denied')
    await removeRole(server, id)
  }
})

test('a caller with the catalog lists all repositories, and sees what it may do on each', async () => {
  await switchMode('AbacRepositoryPermissions')
  const lister = await createServicePrincipal(server, 'lister')
  await give(lister, catalogLister)
  await give(lister, repositoryReader, `${nameAttribute} StringStartsWith 'team/'`)
  assert.deepEqual(await listedFor(credentialOf(lister)), names)
  const document = (await get(server, list, basic(lister.appId, lister.password))).json()
  const access = listAt(document, 'repositories').map((row) => listAt(row, 'access').length > 0)
  assert.deepEqual(
    access,
    names.map((name) => name.startsWith('team/')),
  )
})

test('a token of a repository, and one from before a revocation, do not list', async () => {
  await switchMode('AbacRepositoryPermissions')
  const puller = await createServicePrincipal(server, 'revoked')
  const id = await give(puller, repositoryReader, `${nameAttribute} StringStartsWith 'team/'`)
  const narrow = await accessToken(server, credentialOf(puller), ['repository:team/app:pull'])
  const denial = { loginServer, scope, error: 'insufficient_scope' } as const
  assertDenied(await get(server, list, `Bearer ${narrow}`), denial)
  const token = await accessToken(server, credentialOf(puller), [scope])
  assert.equal((await get(server, list, `Bearer ${token}`)).status, 200)
  await removeRole(server, id)
  assertDenied(await get(server, list, `Bearer ${token}`), denial)
})

test('a scoped token lists what its scope map permits to pull', async () => {
  await putScopeMap(server, 'listed', [
    'repositories/team/*/content/read',
    'repositories/other/content/read',
    'repositories/tools/app/content/write',
  ])
  const token = await createScopedToken(server, 'lists', 'listed')
  assert.deepEqual(await listedFor(token), ['other', 'team/api', 'team/app'])
  await putScopeMap(server, 'writing', ['repositories/team/app/content/write'])
  const writer = await createScopedToken(server, 'writes', 'writing')
  assertDenied(await get(server, list, basic(writer.username, writer.password)), {
    loginServer,
    scope,
    error: 'insufficient_scope',
  })
})

test('in legacy mode, who may pull lists all repositories, and who may not lists none', async () => {
  await switchMode('LegacyRegistryPermissions')
  const puller = await principalWithRole(server, 'puller', roles.acrPull)
  const deleter = await principalWithRole(server, 'deleter', roles.acrDelete)
  assert.deepEqual(await listedFor(credentialOf(puller)), names)
  assertDenied(await get(server, list, basic(deleter.appId, deleter.password)), {
    loginServer,
    scope,
    error: 'insufficient_scope',
  })
})

test('the admin account lists all repositories, and so does an anonymous caller where anonymous pull is on', async () => {
  assert.deepEqual(await listedFor(await enableAdmin(server)), names)
  const anonymous: Credential = 'anonymous'
  assertDenied(await get(server, list), { loginServer, scope })
  assert.notEqual((await askAccessToken(server, anonymous, [scope])).status, 200)
  await setAnonymousPull(server, true)
  const token = await accessToken(server, anonymous, [scope])
  const document = expectStatus(await get(server, list, `Bearer ${token}`), 200).json()
  assert.deepEqual(
    listAt(document, 'repositories').map((row) => [stringAt(row, 'name'), listAt(row, 'access')]),
    names.map((name) => [name, ['pull', 'metadata_read']]),
  )
})
