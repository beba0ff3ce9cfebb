import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  arm,
  assignRole,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  registryId,
  roles,
  setAnonymousPull,
} from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, askAccessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied, assertUnauthorizedBody } from './denial.ts'
import { grantedBy, tokensOf } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal } = server.firstRun
const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
const path = '/v2/team/app/manifests/1'
const scope = 'repository:team/app:pull'
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(server, 'team/app', '1', owner)

async function switchTo(roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'): Promise<void> {
  const answer = await arm(server, 'PATCH', registryId(server), { properties: { roleAssignmentMode } })
  assert.equal(stringAt(expectStatus(answer, 200).json(), 'properties', 'roleAssignmentMode'), roleAssignmentMode)
}

test('a switch of the mode ends every token that was issued before, also where the right stays', async () => {
  const principal = await createServicePrincipal(server, 'in-both-modes')
  await assignRole(server, principal.objectId, roles.acrPull, registryId(server))
  await assignRole(server, principal.objectId, repositoryReader, registryId(server))
  const admin = await enableAdmin(server)
  await setAnonymousPull(server, true)
  const tokens = await tokensOf(server, principal, [scope])
  const before = [
    tokens.access,
    await accessToken(server, admin, [scope]),
    await accessToken(server, 'anonymous', [scope]),
  ]
  for (const token of before) assert.equal((await get(server, path, `Bearer ${token}`)).status, 200)

  await switchTo('AbacRepositoryPermissions')
  for (const token of before) {
    assertDenied(await get(server, path, `Bearer ${token}`), { loginServer, scope, error: 'invalid_token' })
  }
  assertUnauthorizedBody(await askAccessToken(server, { refreshToken: tokens.refresh }, [scope]))
  const password = basic(principal.appId, principal.password)
  assert.equal((await get(server, path, password)).status, 200, 'a password is none')

  const again = await tokensOf(server, principal, [scope])
  assert.equal((await get(server, path, `Bearer ${again.access}`)).status, 200)
  assert.equal((await get(server, path, `Bearer ${await accessToken(server, admin, [scope])}`)).status, 200)

  await switchTo('LegacyRegistryPermissions')
  for (const token of [...before, again.access]) {
    assertDenied(await get(server, path, `Bearer ${token}`), { loginServer, scope, error: 'invalid_token' })
  }
  assertUnauthorizedBody(await askAccessToken(server, { refreshToken: tokens.refresh }, [scope]))
})

test('a change of something else, or the same mode again, ends no token', async () => {
  const tokens = await tokensOf(server, servicePrincipal, [scope])
  await switchTo('LegacyRegistryPermissions')
  expectStatus(await arm(server, 'PATCH', registryId(server), { tags: { a: 'b' } }), 200)
  assert.equal((await get(server, path, `Bearer ${tokens.access}`)).status, 200)
  assert.equal((await askAccessToken(server, { refreshToken: tokens.refresh }, [scope])).status, 200)
})

test('in ABAC mode the roles of the control plane give nothing of the data, and in legacy mode they do', async () => {
  const given = async () => {
    const granted: Record<string, string[]> = {}
    for (const [name, principal] of Object.entries(holders)) {
      const asked = ['repository:team/app:pull,push,delete,metadata_read,metadata_write', 'registry:catalog:*']
      const answer = await askAccessToken(server, { username: principal.appId, password: principal.password }, asked)
      granted[name] = Object.values(grantedBy(stringAt(expectStatus(answer, 200).json(), 'access_token'))).flat()
    }
    return granted
  }
  const holders: Record<string, Awaited<ReturnType<typeof createServicePrincipal>>> = {}
  for (const [name, guid] of Object.entries({ ...roles, repositoryReader })) {
    const principal = await createServicePrincipal(server, name)
    await assignRole(server, principal.objectId, guid, registryId(server))
    holders[name] = principal
  }
  const everything = ['delete', 'metadata_read', 'metadata_write', 'pull', 'push', '*']
  const legacy = {
    owner: everything,
    contributor: everything,
    reader: ['metadata_read', 'pull', '*'],
    acrPull: ['metadata_read', 'pull', '*'],
    acrPush: ['metadata_read', 'pull', 'push', '*'],
    acrDelete: ['delete'],
    repositoryReader: [],
  }
  assert.deepEqual(await given(), legacy)
  await switchTo('AbacRepositoryPermissions')
  const none = Object.fromEntries(Object.keys(legacy).map((name) => [name, []]))
  assert.deepEqual(await given(), { ...none, repositoryReader: ['metadata_read', 'pull'] })
  await switchTo('LegacyRegistryPermissions')
})
