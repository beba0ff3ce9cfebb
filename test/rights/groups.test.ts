import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, as, createServicePrincipal, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { askAccessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertUnauthorizedBody } from './denial.ts'
import { person } from './revocation/of-people.ts'

const server = await startServer({ args: ['--identity-password-grant'] })
after(() => server[Symbol.asyncDispose]())

const { servicePrincipal, subscriptionId } = server.firstRun
const manifestPath = '/v2/team/app/manifests/1'
const pull = 'repository:team/app:pull'
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

async function makeGroup(displayName: string): Promise<string> {
  const body = { displayName, mailNickname: displayName, mailEnabled: false, securityEnabled: true }
  return stringAt(expectStatus(await graph(server, 'POST', '/groups', body), 201).json(), 'id')
}

async function addMember(groupId: string, memberId: string): Promise<void> {
  const body = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${memberId}` }
  expectStatus(await graph(server, 'POST', `/groups/${groupId}/members/$ref`, body), 204)
}

async function assign(groupId: string, roleGuid: string, principalType = 'Group'): Promise<number> {
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}`
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const properties = { roleDefinitionId, principalId: groupId, principalType }
  return (await arm(server, 'PUT', `${id}?api-version=2022-04-01`, { properties })).status
}

test('a new member of a group has its permissions at once', async () => {
  const group = await makeGroup('joined')
  assert.equal(await assign(group, roles.acrPull), 201)
  const principal = await createServicePrincipal(server, 'joining')
  const authorization = basic(principal.appId, principal.password)
  assertUnauthorizedBody(await get(server, manifestPath, authorization))
  await addMember(group, principal.objectId)
  assert.equal((await get(server, manifestPath, authorization)).status, 200)
})

test('a role is assigned to a group as a group, and the group itself cannot authenticate', async () => {
  const group = await makeGroup('assigned')
  assert.equal(await assign(group, roles.acrPull, 'ServicePrincipal'), 400)
  assert.equal(await assign(group, roles.acrPull, 'User'), 400)
  assert.equal(await assign(group, roles.acrPull), 201)
  const asked = await askAccessToken(server, { username: group, password: 'x' }, [pull])
  assert.equal(asked.status, 401)
})

test('a deleted group leaves no right to a later group of its name', async () => {
  const first = await makeGroup('again')
  assert.equal(await assign(first, roles.acrPull), 201)
  expectStatus(await graph(server, 'DELETE', `/groups/${first}`), 204)
  const second = await makeGroup('again')
  const principal = await createServicePrincipal(server, 'again')
  await addMember(second, principal.objectId)
  assertUnauthorizedBody(await get(server, manifestPath, basic(principal.appId, principal.password)))
})

test('a person reads their own entry at /me, and no other', async () => {
  const [one, other] = [await person(server), await person(server)]
  const me = expectStatus(await graph(as(server, one.graphToken), 'GET', '/me'), 200).json()
  assert.equal(stringAt(me, 'userPrincipalName'), one.userPrincipalName)
  for (const path of [`/users/${other.objectId}`, `/users/${other.userPrincipalName}/memberOf`, '/groups']) {
    assert.equal((await graph(as(server, one.graphToken), 'GET', path)).status, 403, path)
  }
  const own = await graph(as(server, one.graphToken), 'GET', `/users/${one.userPrincipalName}/memberOf`)
  assert.equal(own.status, 200)
})
