import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, createServicePrincipal, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { askAccessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertUnauthorizedBody } from './refusal.ts'
import { askExchange, tokensOf } from './tokens.ts'

const server = await startServer()
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

async function removeMember(groupId: string, memberId: string): Promise<void> {
  expectStatus(await graph(server, 'DELETE', `/groups/${groupId}/members/${memberId}/$ref`), 204)
}

async function assign(groupId: string, roleGuid: string, principalType = 'Group'): Promise<number> {
  const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}`
  const id = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const properties = { roleDefinitionId, principalId: groupId, principalType }
  return (await arm(server, 'PUT', `${id}?api-version=2022-04-01`, { properties })).status
}

/** A member of the inner of two groups, of which the outer may pull. */
async function makeMember() {
  const [inner, outer] = [await makeGroup('inner'), await makeGroup('outer')]
  const principal = await createServicePrincipal(server, 'member')
  await addMember(outer, inner)
  await addMember(inner, principal.objectId)
  assert.equal(await assign(outer, roles.acrPull), 201)
  const tokens = await tokensOf(server, principal, [pull])
  assert.equal((await get(server, manifestPath, `Bearer ${tokens.access}`)).status, 200)
  return { inner, outer, principal, tokens }
}

const endings: Record<string, (member: Awaited<ReturnType<typeof makeMember>>) => Promise<unknown>> = {
  'the member leaves the group': ({ inner, principal }) => removeMember(inner, principal.objectId),
  'the inner group leaves the outer': ({ inner, outer }) => removeMember(outer, inner),
  'the inner group is deleted': async ({ inner }) =>
    expectStatus(await graph(server, 'DELETE', `/groups/${inner}`), 204),
  'the group with the role is deleted': async ({ outer }) =>
    expectStatus(await graph(server, 'DELETE', `/groups/${outer}`), 204),
}

for (const [what, end] of Object.entries(endings)) {
  test(`a right by a nested group is refused at the next request once ${what}`, async () => {
    const member = await makeMember()
    const { principal, tokens } = member
    await end(member)
    assertUnauthorizedBody(await get(server, manifestPath, `Bearer ${tokens.access}`))
    assertUnauthorizedBody(await get(server, manifestPath, basic(principal.appId, principal.password)))
    assertUnauthorizedBody(await askExchange(server, tokens.identity))
  })
}

test('whoever joins a group has its rights at once', async () => {
  const group = await makeGroup('joined')
  assert.equal(await assign(group, roles.acrPull), 201)
  const principal = await createServicePrincipal(server, 'joining')
  const authorization = basic(principal.appId, principal.password)
  assertUnauthorizedBody(await get(server, manifestPath, authorization))
  await addMember(group, principal.objectId)
  assert.equal((await get(server, manifestPath, authorization)).status, 200)
})

test('a role is given to a group as what it is, and the group itself proves nobody', async () => {
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
