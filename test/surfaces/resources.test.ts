import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, armToken, as, assignRole, createServicePrincipal, expectStatus } from '../harness/arm.ts'
import { registryId, resourceGroupId, roles } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { createIdentity, machineId, putMachine } from '../machines/machine.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const subscription = `/subscriptions/${server.firstRun.subscriptionId}`
const machines = 'providers/Microsoft.HybridCompute/machines'
const read = async (path: string) => expectStatus(await arm(server, 'GET', path), 200).json()
const idsIn = (body: unknown) => listAt(body, 'value').map((one) => stringAt(one, 'id'))

test('Machines are listed in the subscription and in their group, for a caller who may read them', async () => {
  const spare = `${subscription}/resourceGroups/spare`
  expectStatus(await arm(server, 'PUT', spare, { location: 'local' }), 201)
  const [first, second] = [machineId(server, 'build-1'), `${spare}/${machines}/build-2`]
  assert.deepEqual(idsIn(await read(`${subscription}/${machines}`)), [])
  await putMachine(server, 'build-1')
  expectStatus(await arm(server, 'PUT', second, { location: 'local' }), 201)
  assert.deepEqual(idsIn(await read(`${subscription}/${machines}`)).toSorted(), [first, second].toSorted())
  assert.deepEqual(idsIn(await read(`${resourceGroupId(server)}/${machines}`)), [first])
  const listed = await read(`${spare}/${machines}`)
  assert.deepEqual(at(listed, 'value'), [await read(second)])

  const reader = await createServicePrincipal(server, 'reader')
  await assignRole(server, reader.objectId, roles.reader, second)
  const seen = expectStatus(await arm(as(server, reader), 'GET', `${subscription}/${machines}`), 200).json()
  assert.deepEqual(idsIn(seen), [second])
  expectStatus(await arm(server, 'DELETE', second), 200)
  assert.deepEqual(idsIn(await read(`${spare}/${machines}`)), [])
})

test('A change of a machine attaches and detaches identities, and leaves the others and the tags alone', async () => {
  const own = await putMachine(server, 'build-3')
  const [one, other] = [await createIdentity(server, 'deploy'), await createIdentity(server, 'mirror')]
  const id = machineId(server, 'build-3')
  const attached = async (userAssignedIdentities: Readonly<Record<string, object | null>>) => {
    const identity = { type: 'SystemAssigned,UserAssigned', userAssignedIdentities }
    const changed = expectStatus(await arm(server, 'PATCH', id, { identity }), 200).json()
    assert.deepEqual(await read(id), changed)
    assert.equal(stringAt(changed, 'identity', 'principalId'), own)
    assert.deepEqual(at(changed, 'tags'), { team: 'web' })
    return Object.keys(at(changed, 'identity', 'userAssignedIdentities') ?? {}).toSorted()
  }
  expectStatus(await arm(server, 'PATCH', id, { tags: { team: 'web' } }), 200)
  assert.deepEqual(await attached({ [one.id]: {} }), [one.id])
  assert.deepEqual(await attached({ [other.id]: {} }), [one.id, other.id].toSorted())
  assert.deepEqual(await attached({ [one.id]: null }), [other.id])
  const alone = expectStatus(await arm(server, 'PATCH', id, { identity: { type: 'SystemAssigned' } }), 200).json()
  assert.deepEqual(at(alone, 'identity', 'userAssignedIdentities'), undefined)
  expectStatus(await arm(server, 'PATCH', machineId(server, 'absent'), { tags: {} }), 404)
})

test('A registry has neither locks nor private endpoints, and only a caller who may read it learns this', async () => {
  const stranger = await createServicePrincipal(server, 'stranger')
  for (const type of ['Microsoft.Authorization/locks', 'Microsoft.Network/privateEndpoints']) {
    const path = `${registryId(server)}/providers/${type}`
    assert.deepEqual(await read(path), { value: [] })
    expectStatus(await arm(as(server, stranger), 'GET', path), 403)
    const denied = expectStatus(await arm(server, 'PUT', `${path}/mine`, {}), 400).json()
    assert.equal(stringAt(denied, 'error', 'code'), 'NotSupported')
  }
})

test('A caller reads what their roles permit at a resource group, those above it included', async () => {
  const permissions = `${resourceGroupId(server)}/providers/Microsoft.Authorization/permissions`
  const owned = listAt(await read(permissions), 'value').map((one) => at(one, 'actions'))
  assert.deepEqual(owned, [['*']])
  const reader = await createServicePrincipal(server, 'reads the group')
  await assignRole(server, reader.objectId, roles.reader, resourceGroupId(server))
  const found = expectStatus(await arm(as(server, reader), 'GET', permissions), 200).json()
  assert.deepEqual(
    listAt(found, 'value').map((one) => at(one, 'actions')),
    [['*/read']],
  )
})

test('The server describes its own routes to a caller who is signed in', async () => {
  const url = `${server.baseUrl}/openapi.json`
  expectStatus(await request({ url, caFile: server.caFile }), 401)
  const stranger = await createServicePrincipal(server, 'reads the description')
  const headers = { authorization: `Bearer ${await armToken(server, stranger)}` }
  const document = expectStatus(await request({ url, headers, caFile: server.caFile }), 200).json()
  assert.match(stringAt(document, 'openapi'), /^3\.1\./)
  const path = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/${machines}/{machine}`
  assert.equal(stringAt(document, 'paths', path, 'patch', 'operationId'), 'management.machines.patch')
})

test('The operations of providers are listed for everybody, and no scope has a deny assignment', async () => {
  const authorization = '/providers/Microsoft.Authorization'
  const stranger = as(server, await createServicePrincipal(server, 'operations'))
  const operations = expectStatus(await arm(stranger, 'GET', '/providers/Microsoft.ContainerRegistry/operations'), 200)
  assert.ok(listAt(operations.json(), 'value').length > 20)
  assert.ok(listAt(await read(`${authorization}/providerOperations`), 'value').length > 1)
  const one = await read(`${authorization}/providerOperations/Microsoft.ContainerRegistry`)
  assert.equal(stringAt(one, 'name'), 'Microsoft.ContainerRegistry')

  await putMachine(server, 'build-deny')
  const identity = await createIdentity(server, 'deny')
  const identityId = `${resourceGroupId(server)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deny`
  assert.ok(identity)
  const scopes = [
    subscription,
    resourceGroupId(server),
    registryId(server),
    machineId(server, 'build-deny'),
    identityId,
  ]
  for (const scope of scopes) assert.deepEqual(idsIn(await read(`${scope}${authorization}/denyAssignments`)), [], scope)
})
