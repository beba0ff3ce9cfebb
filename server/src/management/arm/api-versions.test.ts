import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  newRegistry,
  openTestManagement,
  registryPath,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'
import { typeOfPath } from './api-versions.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())

const path = registryPath('current')
await arm('PUT', path, newRegistry())

// prettier-ignore
const types = [
  ['/subscriptions/:subscriptionId/resourceGroups/:resourceGroup/providers/Microsoft.ContainerRegistry/registries/:registry', 'Microsoft.ContainerRegistry', 'registries'],
  ['/subscriptions/:s/resourceGroups/:g/providers/Microsoft.ContainerRegistry/registries/:registry/scopeMaps/:name', 'Microsoft.ContainerRegistry', 'registries/scopeMaps'],
  ['/subscriptions/:s/resourceGroups/:g/providers/Microsoft.ContainerRegistry/registries/:registry/importImage', 'Microsoft.ContainerRegistry', 'registries'],
  ['/subscriptions/:s/resourceGroups/:g/providers/Microsoft.ContainerRegistry/registries/:r/providers/Microsoft.Authorization/roleAssignments/:name', 'Microsoft.Authorization', 'roleAssignments'],
  ['/subscriptions/:subscriptionId/resourceGroups/:resourceGroup', 'Microsoft.Resources', 'resourceGroups'],
  ['/subscriptions/:subscriptionId/locations', 'Microsoft.Resources', 'subscriptions'],
  ['/tenants', 'Microsoft.Resources', 'tenants'],
] as const

for (const [template, namespace, name] of types) {
  test(`the versions of ${template} are those of ${namespace}/${name}`, () => {
    const { versions, ...type } = typeOfPath(template) ?? { versions: [] }
    assert.deepEqual(type, { namespace, name })
    assert.ok(versions.length > 0)
  })
}

test('a path of a provider without listed versions has none', () => {
  assert.equal(typeOfPath('/subscriptions/:s/providers/Acrux.Server/status'), undefined)
})

test('a request with a newer version is served in the newest known version of its kind, with a warning', async () => {
  for (const [asked, served] of [
    ['2099-01-01', '2026-11-01'],
    ['2099-01-01-preview', '2026-09-01-preview'],
    ['not-a-version', '2026-11-01'],
  ] as const) {
    const answer = await arm('GET', `${path}?api-version=${asked}`)
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('warning') ?? '', new RegExp(`^299 - ".* is not known\\. .* as ${served}\\."$`))
    const known = await arm('GET', `${path}?api-version=${served}`)
    assert.deepEqual(answer.body, known.body)
    assert.equal(known.headers.get('warning'), null)
  }
})

test('an older version that is not listed is served without a warning', async () => {
  for (const version of ['2017-10-01', '2020-11-01-preview', '2026-01-01']) {
    const answer = await arm('GET', `${path}?api-version=${version}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('warning'), null)
  }
})

test('a newer version of a registry with the compatibility acr is the error of ARM', async () => {
  const strict = registryPath('strict')
  await arm('PUT', strict, newRegistry({ acrux: { compatibility: 'acr' } }))
  const answer = await arm('GET', `${strict}?api-version=2099-01-01`)
  assert.equal(answer.status, 400)
  assert.equal(codeOf(answer), 'NoRegisteredProviderFound')
  const message = String(at(answer.body, 'error', 'message'))
  assert.match(message, /for location 'local' and API version '2099-01-01' for type 'registries'\. .*'2026-11-01, /)
  assert.equal(codeOf(await arm('GET', `${strict}?api-version=1`)), 'InvalidApiVersionParameter')
  assert.equal((await arm('GET', `${strict}?api-version=2026-11-01`)).status, 200)
  const map = await arm('GET', `${strict}/scopeMaps?api-version=2099-01-01`)
  assert.equal(codeOf(map), 'NoRegisteredProviderFound')
})

test('the providers list every stable version of registries up to 2026-11-01', async () => {
  const { body } = await arm('GET', `${subscriptionScope}/providers/Microsoft.ContainerRegistry?api-version=2021-04-01`)
  const types = at(body, 'resourceTypes') as readonly { resourceType: string; apiVersions: readonly string[] }[]
  const versions = types.find(({ resourceType }) => resourceType === 'registries')?.apiVersions ?? []
  const stable = versions.filter((version) => !version.endsWith('-preview'))
  assert.deepEqual(stable, [
    '2026-11-01',
    '2025-11-01',
    '2025-04-01',
    '2023-07-01',
    '2022-12-01',
    '2021-09-01',
    '2019-05-01',
  ])
})
