import assert from 'node:assert/strict'
import { after } from 'node:test'
import { arm, expectStatus, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { azHome, signIn, step } from './az/az.ts'

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

step('az is told that what it wants to make is not served, and where to read more', ['az'], async () => {
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

step('az acr show-endpoints names the login server, and data endpoints where there are none', ['az'], async () => {
  const endpoints = await az.json('acr', 'show-endpoints', '-n', registry)
  assert.equal(stringAt(endpoints, 'loginServer'), server.firstRun.loginServer)
  assert.equal(listAt(at(endpoints, 'dataEndpoints')).length, 1)
})

step('who may not read the registry is told nothing of it', [], async () => {
  const puller = await principalWithRole(server, 'nobody', roles.acrPull)
  for (const type of ['webhooks', 'cacheRules', 'tasks']) {
    expectStatus(await arm(server, 'GET', `${registryId(server)}/${type}`), 200)
    const refused = expectStatus(await arm(server, 'PUT', `${registryId(server)}/${type}/x`, {}), 400).json()
    assert.equal(stringAt(refused, 'error', 'code'), 'NotSupported')
    for (const [method, path] of [
      ['GET', type],
      ['PUT', `${type}/x`],
    ] as const) {
      expectStatus(await arm(server, method, `${registryId(server)}/${path}`, undefined, puller), 403)
    }
    expectStatus(await arm(server, 'GET', `${registryId(server, 'absent')}/${type}`), 404)
  }
  for (const type of ['nothing', 'webhooks/a/b/c']) {
    expectStatus(await arm(server, 'GET', `${registryId(server)}/${type}`), 404)
  }
})
