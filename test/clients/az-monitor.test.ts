import assert from 'node:assert/strict'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { enableAdmin, registryId } from '../harness/arm.ts'
import { at, listAt } from '../harness/json.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { azHome, signIn, step } from './az/az.ts'

const server = await startServer()
const az = azHome(server.caFile, {
  PYTHONPATH: fileURLToPath(new URL('az/python', import.meta.url)),
  PYTHONDONTWRITEBYTECODE: '1',
})
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { registry } = server.firstRun

step('az monitor metrics list shows pulls, pushes, sign-ins and denials of a registry', ['az'], async () => {
  await signIn(az, server)
  const { username, password } = await enableAdmin(server)
  const admin = basic(username, password)
  await pushImage(server, 'team/app', 'v1', admin)
  await pushImage(server, 'team/app', 'v2', admin)
  for (const reference of ['v1', 'v1', 'v2']) {
    assert.equal((await get(server, `/v2/team/app/manifests/${reference}`, admin)).status, 200)
  }
  assert.equal((await get(server, '/v2/team/app/manifests/absent', admin)).status, 404)
  // A challenge is no pull, and a wrong password is a denial.
  assert.equal((await get(server, '/v2/team/app/manifests/v1')).status, 401)
  assert.equal((await get(server, '/v2/team/app/manifests/v1', basic(username, 'wrong'))).status, 401)

  const names = ['TotalPullCount', 'SuccessfulPullCount', 'TotalPushCount', 'SuccessfulPushCount', 'DenialCount']
  const id = registryId(server)
  const all = await az.json('monitor', 'metrics', 'list', '--resource', id, '--metrics', ...names)
  const totals = names.map((name) => {
    const metric = listAt(all, 'value').find((one) => at(one, 'name', 'value') === name)
    return listAt(metric, 'timeseries', 0, 'data').reduce<number>((sum, point) => sum + Number(at(point, 'total')), 0)
  })
  assert.deepEqual(totals.slice(0, 4), [5, 3, 2, 2])
  assert.ok((totals[4] ?? 0) >= 1, 'the wrong password was counted')

  const table = await az.text(
    'monitor',
    'metrics',
    'list',
    '--resource',
    id,
    '--metrics',
    'TotalPullCount',
    '-o',
    'table',
  )
  assert.match(table, /Total Pull Count/)
  const days = ['--interval', 'P1D', '--offset', '3d', '--aggregation', 'Total', 'Maximum']
  const daily = await az.json('monitor', 'metrics', 'list', '--resource', id, '--metrics', 'TotalPullCount', ...days)
  assert.equal(at(daily, 'interval'), 'P1D')
})

step('az monitor metrics list-definitions and list-namespaces know what there is', ['az'], async () => {
  const id = registryId(server)
  const definitions = await az.json('monitor', 'metrics', 'list-definitions', '--resource', id)
  assert.ok(listAt(definitions).some((one) => at(one, 'name', 'value') === 'StorageUsed'))
  const namespaces = await az.json('monitor', 'metrics', 'list-namespaces', '--resource-uri', id)
  const name = 'Microsoft.ContainerRegistry/registries'
  assert.partialDeepStrictEqual(namespaces, [{ name, classification: 'Platform' }])
  assert.equal(at(definitions, 0, 'namespace'), name)
  await az.fails(
    1,
    /Valid metrics: TotalPullCount/,
    'monitor',
    'metrics',
    'list',
    '--resource',
    id,
    '--metrics',
    'Nonsense',
  )
})

step('az acr manifest list-metadata shows when an image was last pulled', ['az'], async () => {
  const listed = await az.json('acr', 'manifest', 'list-metadata', '-r', registry, '-n', 'team/app')
  for (const manifest of listAt(listed)) {
    const pulled = Date.parse(String(at(manifest, 'lastPullTime')))
    assert.ok(Math.abs(Date.now() - pulled) < 3_600_000, JSON.stringify(manifest))
  }
})

step('az acr manifest list-metadata and az acr repository show-tags show who pushed an image', ['az'], async () => {
  const admin = { id: registry, name: registry, kind: 'admin' }
  const listed = await az.json('acr', 'manifest', 'list-metadata', '-r', registry, '-n', 'team/app')
  for (const manifest of listAt(listed)) assert.deepEqual(at(manifest, 'pushedBy'), admin)
  const shown = await az.json('acr', 'repository', 'show-tags', '-n', registry, '--repository', 'team/app', '--detail')
  for (const tag of listAt(shown)) assert.deepEqual(at(tag, 'pushedBy'), admin)
})
