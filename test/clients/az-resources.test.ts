import assert from 'node:assert/strict'
import { after } from 'node:test'
import { registryId, resourceGroupId } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { createIdentity, machineId, putMachine } from '../machines/machine.ts'
import { azHome, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { subscriptionId, resourceGroup } = server.firstRun
const namespaces = ['Authorization', 'ContainerRegistry', 'HybridCompute', 'ManagedIdentity', 'Resources'].map(
  (name) => `Microsoft.${name}`,
)

step('az account list-locations offers locations in which a resource group can then be created', ['az'], async () => {
  await signIn(az, server)
  const locations = listAt(await az.json('account', 'list-locations'))
  const europe = locations.find((one) => stringAt(one, 'name') === 'westeurope')
  assert.partialDeepStrictEqual(europe, {
    id: `/subscriptions/${subscriptionId}/locations/westeurope`,
    displayName: 'West Europe',
    metadata: { geographyGroup: 'Europe', regionType: 'Physical' },
  })
  assert.equal(new Set(locations.map((one) => stringAt(one, 'name'))).size, locations.length)
  const made = await az.json('group', 'create', '-n', 'europe', '-l', 'westeurope')
  assert.equal(stringAt(made, 'location'), 'westeurope')
})

step('az provider list shows every resource provider as registered, and register keeps it so', ['az'], async () => {
  const listed = listAt(await az.json('provider', 'list'))
  assert.deepEqual(listed.map((one) => stringAt(one, 'namespace')).toSorted(), namespaces)
  assert.ok(listed.every((one) => stringAt(one, 'registrationState') === 'Registered'))
  const ofRegistries = listed.find((one) => stringAt(one, 'namespace') === 'Microsoft.ContainerRegistry')
  const types = listAt(ofRegistries, 'resourceTypes')
  const registries = types.find((one) => stringAt(one, 'resourceType') === 'registries')
  assert.ok(listAt(registries, 'apiVersions').includes('2025-03-01-preview'))
  for (const namespace of namespaces) {
    await az.text('provider', 'register', '-n', namespace, '--wait')
    const state = ['--query', 'registrationState', '-o', 'tsv']
    assert.equal(await az.text('provider', 'show', '-n', namespace, ...state), 'Registered')
  }
  await az.fails(3, /There is no endpoint at this path/, 'provider', 'register', '-n', 'Microsoft.Compute')
})

step('az resource patch replaces the tags of a resource group, a machine and an identity', ['az'], async () => {
  const principalId = await putMachine(server, 'build-1')
  const identity = await createIdentity(server, 'deploy')
  const kept = {
    [resourceGroupId(server)]: { name: resourceGroup },
    [machineId(server, 'build-1')]: { name: 'build-1', identity: { principalId } },
    [identity.id]: { name: 'deploy', properties: { clientId: identity.clientId } },
  }
  for (const [id, rest] of Object.entries(kept)) {
    const patch = (tags: object) =>
      az.json('resource', 'patch', '--ids', id, '--is-full-object', '--properties', JSON.stringify({ tags }))
    assert.partialDeepStrictEqual(await patch({ team: 'web', tier: '1' }), {
      id,
      tags: { team: 'web', tier: '1' },
      ...rest,
    })
    await patch({ team: 'api' })
    const shown = await az.json('resource', 'show', '--ids', id)
    assert.partialDeepStrictEqual(shown, { id, ...rest })
    assert.deepEqual(at(shown, 'tags'), { team: 'api' }, id)
  }
})

step('az lists neither locks nor private endpoints in a resource group', ['az'], async () => {
  for (const command of [
    ['lock', 'list', '-g', resourceGroup],
    ['network', 'private-endpoint', 'list'],
    ['network', 'private-endpoint', 'list', '-g', resourceGroup],
  ]) {
    assert.deepEqual(await az.json(...command), [], command.join(' '))
  }
})

step('az tag update and delete at every scope are denied, and the tags stay', ['az'], async () => {
  await az.text('acr', 'update', '-n', server.firstRun.registry, '--tags', 'team=a')
  const tagged = {
    [`/subscriptions/${subscriptionId}`]: {},
    [resourceGroupId(server)]: { team: 'api' },
    [registryId(server)]: { team: 'a' },
  }
  const says = /not served by this server/
  for (const [id, tags] of Object.entries(tagged)) {
    const update = ['tag', 'update', '--resource-id', id, '--operation', 'merge', '--tags', 'a=b']
    await az.fails(1, says, ...update)
    await az.fails(1, says, 'tag', 'create', '--resource-id', id, '--tags', 'a=b')
    await az.fails(1, says, 'tag', 'delete', '--resource-id', id, '--yes')
    assert.deepEqual(at(await az.json('tag', 'list', '--resource-id', id), 'properties', 'tags'), tags, id)
  }
})
