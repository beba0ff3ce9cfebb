import assert from 'node:assert/strict'
import { after } from 'node:test'
import { arm, as, expectStatus, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { at, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { azHome, loginServerSuffix, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})
const { registry } = server.firstRun

step('az lists nothing of the resource types that are not served', ['az'], async () => {
  await signIn(az, server)
  for (const command of [
    ['acr', 'webhook', 'list'],
    ['acr', 'replication', 'list'],
    ['acr', 'cache', 'list'],
    ['acr', 'credential-set', 'list'],
    ['acr', 'task', 'list'],
    ['acr', 'task', 'list-runs'],
    ['acr', 'agentpool', 'list'],
    ['acr', 'private-endpoint-connection', 'list', '--registry-name'],
  ]) {
    const named = command.includes('--registry-name') ? [...command, registry] : [...command, '-r', registry]
    assert.deepEqual(await az.json(...named), [], command.join(' '))
  }
  assert.deepEqual(await az.json('lock', 'list'), [])
  assert.deepEqual(await az.json('lock', 'list', '--resource', registryId(server)), [])
})

step('az shows that a resource type is not served, and where to read more', ['az'], async () => {
  const says = /not served by this server.*acr-compatibility/s
  const target = ['--uri', 'https://hook.example/', '--actions', 'push']
  await az.fails(1, says, 'acr', 'webhook', 'create', '-r', registry, '-n', 'hooks', ...target)
  await az.fails(
    1,
    says,
    'lock',
    'create',
    '-n',
    'mine',
    '--lock-type',
    'CanNotDelete',
    '--resource',
    registryId(server),
  )
})

step(
  'az acr show-endpoints names the login server and no host of Azure, with data endpoints on and off',
  ['az'],
  async () => {
    const { loginServer } = server.firstRun
    const location = await az.text('acr', 'show', '-n', registry, '--query', 'location', '-o', 'tsv')
    // az makes this entry up where data endpoints are off: nothing is served there, and the name is one of this server.
    const endpoint = `*.blob${loginServerSuffix(server)}`
    assert.deepEqual(await az.json('acr', 'show-endpoints', '-n', registry), {
      loginServer,
      dataEndpoints: [{ region: location, endpoint }],
    })
    await az.text('acr', 'update', '-n', registry, '--sku', 'Premium', '--data-endpoint-enabled', 'true')
    assert.deepEqual(await az.json('acr', 'show-endpoints', '-n', registry), { loginServer, dataEndpoints: [] })
    await az.text('acr', 'update', '-n', registry, '--data-endpoint-enabled', 'false')
  },
)

step('az tag list gives the tags of a registry and its group, and tag names are empty', ['az'], async () => {
  await az.text('acr', 'update', '-n', registry, '--tags', 'team=a')
  const type = 'Microsoft.Resources/tags'
  assert.deepEqual(await az.json('tag', 'list'), [])
  assert.partialDeepStrictEqual(await az.json('tag', 'list', '--resource-id', registryId(server)), {
    id: `${registryId(server)}/providers/${type}/default`,
    name: 'default',
    type,
    properties: { tags: { team: 'a' } },
  })
  const { subscriptionId, resourceGroup } = server.firstRun
  const subscription = `/subscriptions/${subscriptionId}`
  for (const scope of [subscription, `${subscription}/resourceGroups/${resourceGroup}`]) {
    const shown = await az.json('tag', 'list', '--resource-id', scope)
    assert.deepEqual(at(shown, 'properties', 'tags'), {}, scope)
  }
  const says = /not served by this server/
  await az.fails(1, says, 'tag', 'create', '--resource-id', registryId(server), '--tags', 'a=b')
})

step('a caller who may not read the registry learns nothing about it', [], async () => {
  const puller = await principalWithRole(server, 'nobody', roles.acrPull)
  for (const type of ['webhooks', 'cacheRules', 'tasks']) {
    expectStatus(await arm(server, 'GET', `${registryId(server)}/${type}`), 200)
    const denied = expectStatus(await arm(server, 'PUT', `${registryId(server)}/${type}/x`, {}), 400).json()
    assert.equal(stringAt(denied, 'error', 'code'), 'NotSupported')
    for (const [method, path] of [
      ['GET', type],
      ['PUT', `${type}/x`],
    ] as const) {
      expectStatus(await arm(as(server, puller), method, `${registryId(server)}/${path}`), 403)
    }
    expectStatus(await arm(server, 'GET', `${registryId(server, 'absent')}/${type}`), 404)
  }
  for (const type of ['nothing', 'webhooks/a/b/c']) {
    expectStatus(await arm(server, 'GET', `${registryId(server)}/${type}`), 404)
  }
})
