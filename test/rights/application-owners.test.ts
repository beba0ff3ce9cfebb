import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  as,
  assignRole,
  type Caller,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  removeRole,
  resourceGroupId,
  roles,
} from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const userAccessAdministrator = '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9'
const subscription = `/subscriptions/${server.firstRun.subscriptionId}`

const maker = await createServicePrincipal(server, 'maker')
const owned = await createServicePrincipal(server, 'owned')
const reference = (id: string) => ({ '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${id}` })
const application = `/applications/${owned.applicationObjectId}`
const principal = `/servicePrincipals/${owned.objectId}`
expectStatus(await graph(server, 'POST', `${application}/owners/$ref`, reference(maker.objectId)), 204)

/** Requests that would give the sender the permissions of the application. */
const takingOver = () =>
  [
    ['POST', `${application}/addPassword`, {}],
    ['POST', `${principal}/addPassword`, {}],
    ['PATCH', application, { keyCredentials: [] }],
    ['PATCH', principal, { keyCredentials: [] }],
    [
      'POST',
      `${application}/federatedIdentityCredentials`,
      {
        name: `mine-${randomUUID()}`,
        issuer: 'https://mine.example',
        subject: randomUUID(),
        audiences: ['api://mine'],
      },
    ],
    ['POST', `${application}/owners/$ref`, reference(owned.objectId)],
  ] as const

async function statuses(caller: Caller): Promise<number[]> {
  const all: number[] = []
  for (const [method, path, body] of takingOver()) {
    all.push((await graph(as(server, caller), method, path, body)).status)
  }
  return all
}

const denied = [403, 403, 403, 403, 403, 403]

test('an owner of an application gets no credential of it while its principal can assign roles, at any scope', async () => {
  expectStatus(await graph(as(server, maker), 'POST', `${application}/addPassword`, {}), 200)
  for (const [role, scope] of [
    [roles.owner, subscription],
    [userAccessAdministrator, resourceGroupId(server)],
    [userAccessAdministrator, registryId(server)],
  ] as const) {
    const assignment = await assignRole(server, owned.objectId, role, scope)
    assert.deepEqual(await statuses(maker), denied, `${role} at ${scope}`)
    expectStatus(await graph(server, 'POST', `${application}/addPassword`, {}), 200)
    await removeRole(server, assignment)
  }
})

test('a group, a condition and a custom role are no way around it', async () => {
  const group = { displayName: 'admins', mailNickname: 'admins', mailEnabled: false, securityEnabled: true }
  const groupId = stringAt(expectStatus(await graph(server, 'POST', '/groups', group), 201).json(), 'id')
  expectStatus(await graph(server, 'POST', `/groups/${groupId}/members/$ref`, reference(owned.objectId)), 204)
  const byGroup = await assignRole(server, { id: groupId, type: 'Group' }, userAccessAdministrator, registryId(server))
  assert.deepEqual(await statuses(maker), denied)
  expectStatus(await graph(server, 'DELETE', `/groups/${groupId}/members/${owned.objectId}/$ref`), 204)
  expectStatus(await graph(as(server, maker), 'POST', `${application}/addPassword`, {}), 200)
  const inner = { ...group, displayName: 'inner', mailNickname: 'inner' }
  const innerId = stringAt(expectStatus(await graph(server, 'POST', '/groups', inner), 201).json(), 'id')
  expectStatus(await graph(server, 'POST', `/groups/${groupId}/members/$ref`, reference(innerId)), 204)
  expectStatus(await graph(server, 'POST', `/groups/${innerId}/owners/$ref`, reference(owned.objectId)), 204)
  assert.deepEqual(await statuses(maker), denied, 'it can add itself to a group with the role')
  await removeRole(server, byGroup)

  const id = randomUUID()
  const definition = `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${id}`
  const permissions = [{ actions: ['Microsoft.Authorization/roleAssignments/*'], notActions: [] }]
  const custom = { roleName: 'Giver', description: '', permissions, assignableScopes: [subscription] }
  expectStatus(await arm(server, 'PUT', `${definition}?api-version=2022-04-01`, { properties: custom }), 201)
  const assignment = `${subscription}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const properties = {
    roleDefinitionId: definition,
    principalId: owned.objectId,
    condition: "ActionMatches{'nothing'}",
    conditionVersion: '2.0',
  }
  expectStatus(await arm(server, 'PUT', `${assignment}?api-version=2022-04-01`, { properties }), 201)
  assert.deepEqual(await statuses(maker), denied)
  await removeRole(server, assignment)
})

test('what gives no roles leaves an application to who owns it', async () => {
  for (const role of [roles.contributor, roles.acrPush, roles.reader]) {
    await assignRole(server, owned.objectId, role, registryId(server))
  }
  assert.deepEqual(await statuses(maker), [200, 200, 204, 204, 201, 204])
})
