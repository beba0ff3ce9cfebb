import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  as,
  type ClientSecret,
  createServicePrincipal,
  expectStatus,
  registryId,
  resourceGroupId,
  roles,
} from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { createIdentity, machineId, putMachine } from '../machines/machine.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const subscription = `/subscriptions/${server.firstRun.subscriptionId}`
const authorization = 'providers/Microsoft.Authorization'
await putMachine(server, 'build-1')
const identity = await createIdentity(server, 'deploy')

const scopes = {
  'a subscription': subscription,
  'a resource group': resourceGroupId(server),
  'a registry': registryId(server),
  'a machine': machineId(server, 'build-1'),
  'a managed identity': identity.id,
}

const call = (method: string, path: string, body?: unknown) =>
  arm(server, method, `${path}?api-version=2022-04-01`, body)

/** Whether a principal may read the role assignments of a scope. A principal without a role may not. */
const mayRead = async (scope: string, principal: ClientSecret): Promise<boolean> => {
  const path = `${scope}/${authorization}/roleAssignments?api-version=2022-04-01`
  return expectStatus(await arm(as(server, principal), 'GET', path), 200, 403).status === 200
}
const namesIn = (body: unknown) => listAt(body, 'value').map((one) => stringAt(one, 'name'))

for (const [title, scope] of Object.entries(scopes)) {
  test(`A role assignment at ${title} is created, read, listed and deleted, and takes effect at once`, async () => {
    const principal = await createServicePrincipal(server, `reader of ${title}`)
    assert.equal(await mayRead(scope, principal), false)
    const name = randomUUID()
    const list = `${scope}/${authorization}/roleAssignments`
    const path = `${list}/${name}`
    const roleDefinitionId = `${subscription}/${authorization}/roleDefinitions/${roles.reader}`
    const properties = { roleDefinitionId, principalId: principal.objectId, principalType: 'ServicePrincipal' }
    const made = expectStatus(await call('PUT', path, { properties }), 201).json()
    assert.partialDeepStrictEqual(made, { id: path, name, properties: { ...properties, scope: scope } })
    assert.deepEqual(expectStatus(await call('GET', path), 200).json(), made)
    assert.ok(namesIn(expectStatus(await call('GET', list), 200).json()).includes(name))
    assert.equal(await mayRead(scope, principal), true)

    assert.equal(stringAt(expectStatus(await call('DELETE', path), 200).json(), 'name'), name)
    expectStatus(await call('GET', path), 404)
    assert.ok(!namesIn(expectStatus(await call('GET', list), 200).json()).includes(name))
    assert.equal(await mayRead(scope, principal), false)
  })

  test(`A custom role of ${title} is created, read, listed, changed and deleted, and takes effect at once`, async () => {
    const name = randomUUID()
    const list = `${scope}/${authorization}/roleDefinitions`
    const path = `${list}/${name}`
    const roleName = `Role of ${title}`
    const properties = (actions: readonly string[]) => {
      const permissions = [{ actions, notActions: [], dataActions: [], notDataActions: [] }]
      return { roleName, description: 'Reads it.', type: 'CustomRole', permissions, assignableScopes: [scope] }
    }
    const other = ['Microsoft.Insights/metrics/read']
    expectStatus(await call('PUT', path, { properties: properties(other) }), 201)
    const principal = await createServicePrincipal(server, roleName)
    const assignment = `${scope}/${authorization}/roleAssignments/${randomUUID()}`
    const given = { roleDefinitionId: path, principalId: principal.objectId }
    expectStatus(await call('PUT', assignment, { properties: given }), 201)
    assert.equal(await mayRead(scope, principal), false)
    const wanted = properties(['Microsoft.Authorization/roleAssignments/read'])
    const changed = expectStatus(await call('PUT', path, { properties: wanted }), 201).json()
    assert.partialDeepStrictEqual(changed, { name, properties: wanted })
    assert.deepEqual(expectStatus(await call('GET', path), 200).json(), changed)
    assert.ok(namesIn(expectStatus(await call('GET', list), 200).json()).includes(name))
    assert.equal(await mayRead(scope, principal), true)

    assert.equal((await call('DELETE', path)).status, 400, 'somebody has the role')
    expectStatus(await call('DELETE', assignment), 200)
    assert.equal(stringAt(expectStatus(await call('DELETE', path), 200).json(), 'properties', 'roleName'), roleName)
    expectStatus(await call('GET', path), 404)
    expectStatus(await call('DELETE', path), 204)
  })
}

test('The tenant shows the built-in roles by the same names as a subscription, and no custom role', async () => {
  const name = randomUUID()
  const permissions = [{ actions: ['*/read'] }]
  const properties = { roleName: 'Custom', permissions, assignableScopes: [subscription] }
  expectStatus(await call('PUT', `${subscription}/${authorization}/roleDefinitions/${name}`, { properties }), 201)
  const list = `/${authorization}/roleDefinitions`
  const ofTenant = namesIn(expectStatus(await call('GET', list), 200).json())
  const ofSubscription = namesIn(expectStatus(await call('GET', `${subscription}${list}`), 200).json())
  assert.deepEqual(
    ofSubscription.filter((one) => !ofTenant.includes(one)),
    [name],
  )
  assert.deepEqual(
    ofTenant.filter((one) => !ofSubscription.includes(one)),
    [],
  )
  const shown = expectStatus(await call('GET', `${list}/${roles.acrPull}`), 200).json()
  assert.partialDeepStrictEqual(shown, {
    id: `${list}/${roles.acrPull}`,
    properties: { roleName: 'AcrPull', type: 'BuiltInRole', assignableScopes: ['/'] },
  })
  expectStatus(await call('GET', `${list}/${name}`), 404)
})
