import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  armToken,
  assignRole,
  createRegistry,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  registryId,
  removeRole,
  resourceGroupId,
  roles,
} from '../harness/arm.ts'
import { createGroup } from '../harness/directory.ts'
import { startEmulator } from '../harness/emulator.ts'
import { at, stringAt } from '../harness/json.ts'
import { type Credential, accessToken, askAccessToken, exchange } from '../harness/registry.ts'

const emulator = await startEmulator({ args: ['--realism', 'azure'] })
const server = emulator.server()
after(() => emulator[Symbol.asyncDispose]())

const id = registryId(server)

// The times do not depend on the speed of the machine.
assert.equal((await emulator.control('PUT', '/_acrux/clock', '{"frozen":true}')).status, 200)

async function advance(by: string): Promise<void> {
  const answer = await emulator.control('POST', '/_acrux/clock/advance', JSON.stringify({ by }))
  assert.equal(answer.status, 200, JSON.stringify(answer.json))
}

/** The access to a repository that a credential gets. */
async function granted(credential: Credential, actions: string): Promise<string> {
  const token = await accessToken(server, credential, [`repository:team/app:${actions}`])
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const access = at(claims, 'access')
  return Array.isArray(access) && access.length > 0 ? String(at(access, 0, 'actions')) : ''
}

test('a new resource is not found for 5 seconds when it is read', async () => {
  const registry = await createRegistry(server, 'fresh')
  const missing = await arm(server, 'GET', registry.id)
  assert.deepEqual([missing.status, at(missing.json(), 'error', 'code')], [404, 'ResourceNotFound'])
  await advance('4s')
  assert.equal((await arm(server, 'GET', registry.id)).status, 404)
  await advance('1s')
  assert.equal((await arm(server, 'GET', registry.id)).status, 200)
})

test('a new principal gets a role without its type only after 20 seconds', async () => {
  const { objectId: principalId } = await createServicePrincipal(server, 'without-type')
  const assign = (principalType?: string) => {
    const path = `${id}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`
    const role = principalType === undefined ? roles.acrPull : roles.acrPush
    const roleDefinitionId = `/subscriptions/${emulator.ready.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`
    return arm(server, 'PUT', path, { properties: { roleDefinitionId, principalId, principalType } })
  }
  const early = await assign()
  assert.deepEqual([early.status, at(early.json(), 'error', 'code')], [400, 'PrincipalNotFound'])
  assert.equal((await assign('ServicePrincipal')).status, 201)
  await advance('20s')
  assert.equal((await assign()).status, 201)
})

test('a role counts at ARM after 10 minutes', async () => {
  const principal = await createServicePrincipal(server, 'reader')
  await assignRole(server, principal.objectId, roles.reader, id)
  const read = async () => (await arm({ server, caller: await armToken(server, principal) }, 'GET', id)).status
  assert.equal(await read(), 403)
  await advance('9m59s')
  assert.equal(await read(), 403)
  await advance('1s')
  assert.equal(await read(), 200)
})

test('a role counts in a registry one minute later for a new sign-in, and 10 minutes later for an earlier one', async () => {
  const principal = await createServicePrincipal(server, 'puller')
  const secret = { username: principal.appId, password: principal.password }
  await assignRole(server, principal.objectId, roles.acrPull, id)
  assert.equal(await granted(secret, 'pull'), '')
  await advance('59s')
  assert.equal(await granted(secret, 'pull'), '')
  await advance('1s')
  assert.equal(await granted(secret, 'pull'), 'pull')

  const signIn = async () => ({ refreshToken: await exchange(server, await armToken(server, principal)) })
  const earlier = await signIn()
  await advance('1s')
  await assignRole(server, principal.objectId, roles.acrPush, id)
  await advance('9m')
  assert.equal(await granted(earlier, 'pull,push'), 'pull')
  await advance('1m')
  assert.equal(await granted(earlier, 'pull,push'), 'pull,push')

  await assignRole(server, principal.objectId, roles.acrDelete, id)
  await advance('1m')
  assert.equal(await granted(earlier, 'delete'), '')
  assert.equal(await granted(await signIn(), 'delete'), 'delete')
})

test('a deleted role counts for 10 minutes at ARM and in a registry, and for one minute after a new sign-in', async () => {
  const principal = await createServicePrincipal(server, 'removed')
  const assignments = [
    await assignRole(server, principal.objectId, roles.reader, id),
    await assignRole(server, principal.objectId, roles.acrPull, id),
  ]
  await advance('10m')
  const earlier = { refreshToken: await exchange(server, await armToken(server, principal)) }
  await advance('1s')
  for (const assignment of assignments) await removeRole(server, assignment)
  const read = async () => (await arm({ server, caller: await armToken(server, principal) }, 'GET', id)).status
  assert.deepEqual([await read(), await granted(earlier, 'pull')], [200, 'pull'])
  await advance('9m59s')
  assert.deepEqual([await read(), await granted(earlier, 'pull')], [200, 'pull'])
  await advance('1s')
  assert.deepEqual([await read(), await granted(earlier, 'pull')], [403, ''])

  const secret = { username: principal.appId, password: principal.password }
  const again = await assignRole(server, principal.objectId, roles.acrPull, id)
  await advance('10m')
  await removeRole(server, again)
  assert.equal(await granted(secret, 'pull'), 'pull')
  await advance('1m')
  assert.equal(await granted(secret, 'pull'), '')
})

test('a regenerated password of the admin account or of a token is valid after 60 seconds', async () => {
  const admin = await enableAdmin(server)
  expectStatus(await arm(server, 'POST', `${id}/regenerateCredential`, { name: 'password' }), 200)
  const { password } = await enableAdmin(server)
  assert.notEqual(password, admin.password)
  const statusOf = async (credential: Credential) => (await askAccessToken(server, credential, [])).status

  const tokenId = `${id}/tokens/device`
  const scopeMapId = `${id}/scopeMaps/_repositories_pull`
  expectStatus(await arm(server, 'PUT', tokenId, { properties: { scopeMapId, status: 'enabled' } }), 200, 201)
  const made = await arm(server, 'POST', `${id}/generateCredentials`, { tokenId, name: 'password1' })
  const device = { username: 'device', password: stringAt(expectStatus(made, 200).json(), 'passwords', 0, 'value') }

  for (const expected of [401, 200]) {
    assert.equal(await statusOf({ username: admin.username, password }), expected)
    assert.equal(await statusOf({ username: admin.username, password: admin.password2 }), 200)
    assert.equal(await statusOf(device), expected)
    await advance('60s')
  }
})

test('a managed identity has the roles of a group 24 hours after it became a member', async () => {
  const path = `${resourceGroupId(server)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot`
  const identity = await arm(server, 'PUT', `${path}?api-version=2023-01-31`, { location: 'local' })
  const principalId = stringAt(expectStatus(identity, 201).json(), 'properties', 'principalId')
  const group = await createGroup(server, 'robots', principalId)
  await assignRole(server, { id: group, type: 'Group' }, roles.acrPull, id)
  await advance('10m')
  const mayPull = async () => {
    const query = new URLSearchParams({ principal: principalId, action: 'pull', repository: 'team/app' })
    return at(
      expectStatus(await arm(server, 'GET', `${id}/accessExplanation?${query.toString()}`), 200).json(),
      'allowed',
    )
  }
  assert.equal(await mayPull(), false)
  await advance('23h49m')
  assert.equal(await mayPull(), false)
  await advance('1m')
  assert.equal(await mayPull(), true)
})

test('nothing is delayed after a reset', async () => {
  const answer = await emulator.control('POST', '/_acrux/state/reset')
  assert.equal(answer.status, 204)
  assert.equal((await arm(server, 'GET', id)).status, 200)
  assert.equal((await graph(server, 'GET', '/users')).status, 200)
})
