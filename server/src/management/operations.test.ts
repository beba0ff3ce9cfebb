import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  each,
  openTestManagement,
  registryPath,
  roleGuids,
  subscriptionScope,
} from '../../testing/management/test-management.ts'
import { rows } from './routes.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())

const byProvider = '/providers/Microsoft.Authorization/providerOperations'
const stranger = { token: await server.tokenFor(await server.createPrincipal('stranger')) }

for (const namespace of ['Microsoft.ContainerRegistry', 'Microsoft.ManagedIdentity']) {
  test(`the operations of ${namespace} are those that its routes require`, async () => {
    const answer = await arm('GET', `/providers/${namespace}/operations?api-version=2023-01-31`, undefined, stranger)
    assert.equal(answer.status, 200)
    const names = each(answer, 'name')
    const required = rows.flatMap(({ need }) =>
      need !== 'signed-in' && need.kind !== 'signed-in' ? [need.action] : [],
    )
    const own = required.filter((action) => action.startsWith(`${namespace}/`))
    assert.ok(own.length > 5)
    for (const action of own) assert.ok(names.includes(action), action)
    assert.equal(new Set(names).size, names.length)
    assert.ok(names.every((name) => String(name).startsWith(`${namespace}/`) && !String(name).includes('*')))
    assert.ok(each(answer, 'display', 'provider').every((provider) => provider === namespace))
  })
}

test('an operation of ACR says whether it is a data action', async () => {
  const answer = await arm('GET', '/providers/Microsoft.ContainerRegistry/operations')
  const found = (name: string) => each(answer).find((operation) => at(operation, 'name') === name)
  const repositories = 'Microsoft.ContainerRegistry/registries/repositories/content/read'
  assert.equal(at(found(repositories), 'isDataAction'), true)
  assert.deepEqual(found('Microsoft.ContainerRegistry/registries/importImage/action'), {
    name: 'Microsoft.ContainerRegistry/registries/importImage/action',
    display: {
      provider: 'Microsoft.ContainerRegistry',
      resource: 'registries',
      operation: 'Import image',
      description: 'Import image: registries',
    },
    isDataAction: false,
  })
})

test('the operations of all providers are listed by resource type, and those of one by its name in any case', async () => {
  const all = await arm('GET', `${byProvider}?api-version=2022-04-01&$expand=resourceTypes`, undefined, stranger)
  assert.ok(each(all, 'name').includes('Microsoft.ContainerRegistry'))
  const one = await arm('GET', `${byProvider}/microsoft.containerregistry?api-version=2022-04-01`, undefined, stranger)
  assert.deepEqual(
    one.body,
    each(all).find((provider) => at(provider, 'name') === 'Microsoft.ContainerRegistry'),
  )
  const types = at(one.body, 'resourceTypes') as readonly { name: string; operations: readonly { name: string }[] }[]
  const maps = types.find(({ name }) => name === 'registries/scopeMaps')?.operations.map(({ name }) => name)
  const onMaps = 'Microsoft.ContainerRegistry/registries/scopeMaps'
  assert.deepEqual(maps, [`${onMaps}/delete`, `${onMaps}/read`, `${onMaps}/write`])
  assert.equal(codeOf(await arm('GET', `${byProvider}/Microsoft.Compute`)), 'InvalidResourceNamespace')
})

test('there are no deny assignments, with and without a filter', async () => {
  await arm('PUT', registryPath('undenied'), { location: 'local', sku: { name: 'Basic' } })
  for (const scope of [subscriptionScope, `${subscriptionScope}/resourceGroups/Default`, registryPath('undenied')]) {
    const list = `${scope}/providers/Microsoft.Authorization/denyAssignments`
    for (const query of ['', '&$filter=atScope()']) {
      const answer = await arm('GET', `${list}?api-version=2022-04-01${query}`)
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.body, { value: [] })
    }
    assert.equal((await arm('GET', `${list}/a?api-version=2022-04-01`)).status, 404)
  }
  const { token } = await server.principalWith(roleGuids.acrPull, registryPath('undenied'))
  const list = `${registryPath('undenied')}/providers/Microsoft.Authorization/denyAssignments`
  assert.equal((await arm('GET', list, undefined, { token })).status, 403)
})
