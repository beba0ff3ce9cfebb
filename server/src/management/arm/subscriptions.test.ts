import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  each,
  groupScope,
  newRegistry,
  openTestManagement,
  publicOrigin,
  registryPath,
  subscriptionId,
  subscriptionScope,
  tenantId,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())
await arm('PUT', registryPath('Contoso'), newRegistry({}, { tags: { team: 'a' } }))

test('the tenant is listed for every authenticated caller', async () => {
  const { status, body } = await arm('GET', '/tenants')
  assert.equal(status, 200)
  assert.deepEqual(body, {
    value: [
      {
        id: `/tenants/${tenantId}`,
        tenantId,
        displayName: 'Contoso',
        defaultDomain: 'contoso.example',
        domains: ['contoso.example'],
        tenantCategory: 'Home',
        tenantType: 'AAD',
      },
    ],
  })
})

test('a subscription has all properties that az stores', async () => {
  const shown = await arm('GET', subscriptionScope.toUpperCase())
  assert.partialDeepStrictEqual(shown.body, {
    id: subscriptionScope,
    subscriptionId,
    tenantId,
    displayName: 'Contoso',
    state: 'Enabled',
    managedByTenants: [],
    authorizationSource: 'RoleBased',
  })
  const { body } = await arm('GET', '/subscriptions')
  assert.deepEqual(body, { value: [shown.body], count: { type: 'Total', value: 1 } })
})

test('locations are listed with their names and display names', async () => {
  const answer = await arm('GET', `${subscriptionScope}/locations`)
  assert.ok(each(answer, 'name').includes('westeurope'))
  assert.ok(each(answer, 'displayName').includes('West Europe'))
  assert.ok(each(answer, 'id').includes(`${subscriptionScope}/locations/westeurope`))
})

test('all resource providers are registered, and registering one again is not an error', async () => {
  const namespaces = [
    'Microsoft.Authorization',
    'Microsoft.ContainerRegistry',
    'Microsoft.HybridCompute',
    'Microsoft.ManagedIdentity',
    'Microsoft.Resources',
  ]
  assert.deepEqual(each(await arm('GET', `${subscriptionScope}/providers`), 'namespace'), namespaces)
  for (const namespace of namespaces) {
    const path = `${subscriptionScope}/providers/${namespace}`
    const shown = await arm('GET', path.toLowerCase())
    assert.partialDeepStrictEqual(shown.body, { id: path, namespace, registrationState: 'Registered' })
    assert.deepEqual((await arm('POST', `${path}/register`)).body, shown.body)
  }
  const unknown = await arm('GET', `${subscriptionScope}/providers/Microsoft.Nothing`)
  assert.equal(unknown.status, 404)
  assert.equal(codeOf(unknown), 'InvalidResourceNamespace')
})

const query = (filter: string) => `?api-version=1&$filter=${encodeURIComponent(filter)}`

test('resources are listed without a filter, and with the filter of az', async () => {
  const expected = {
    value: [
      {
        id: registryPath('Contoso'),
        name: 'Contoso',
        type: 'Microsoft.ContainerRegistry/registries',
        sku: { name: 'Premium', tier: 'Premium' },
        location: 'local',
        tags: { team: 'a' },
      },
    ],
  }
  const resources = `${subscriptionScope}/resources`
  assert.deepEqual((await arm('GET', resources)).body, expected)
  for (const type of ['Microsoft.ContainerRegistry/registries', 'microsoft.containerregistry/REGISTRIES']) {
    assert.deepEqual((await arm('GET', `${resources}${query(`resourceType eq '${type}'`)}`)).body, expected)
  }
  const other = await arm('GET', `${resources}${query("resourceType eq 'Microsoft.Storage/storageAccounts'")}`)
  assert.deepEqual(other.body, { value: [] })
})

test('resources are listed by group, in any case, and by group and type', async () => {
  const names = async (filter: string) =>
    each(await arm('GET', `${subscriptionScope}/resources${query(filter)}`), 'name')
  assert.deepEqual(await names("resourceGroup eq 'DEFAULT'"), ['Contoso'])
  assert.deepEqual(await names("resourceGroup eq 'other'"), [])
  assert.deepEqual(await names("resourceGroup eq ''"), [])
  const both = "resourceGroup eq 'default' and resourceType eq 'Microsoft.ContainerRegistry/registries'"
  assert.deepEqual(await names(both), ['Contoso'])
})

test('every list rejects an unknown filter: ignoring it would show more than was requested', async () => {
  const filters = [
    "resourceType ne 'Microsoft.ContainerRegistry/registries'",
    "resourceType eq 'a' and resourceType eq 'b'",
    "substringof('a', name)",
    "adminPassword eq 'x'",
    "' or 1=1 --",
  ]
  for (const filter of filters) {
    const answer = await arm('GET', `${subscriptionScope}/resources${query(filter)}`)
    assert.equal(answer.status, 400, filter)
    assert.equal(codeOf(answer), 'InvalidFilterInQueryString')
  }
  const lists = [
    '/subscriptions',
    `${subscriptionScope}/resourceGroups`,
    `${subscriptionScope}/providers/Microsoft.ContainerRegistry/registries`,
    `${groupScope}/providers/Microsoft.ContainerRegistry/registries`,
  ]
  for (const path of lists) assert.equal((await arm('GET', `${path}${query("name eq 'a'")}`)).status, 400, path)
})

test('rotating the signing keys signs new tokens with new keys, and earlier tokens stay valid', async () => {
  const keyIds = async () => {
    const { body } = await server.send('GET', `/${tenantId}/discovery/v2.0/keys`)
    const keys = at(body, 'keys')
    return Array.isArray(keys) ? keys.map((key) => String(at(key, 'kid'))) : []
  }
  const before = await keyIds()
  const rotated = await arm('POST', `${subscriptionScope}/providers/Acrux.Server/rotateSigningKeys`)
  assert.equal(rotated.status, 200)
  assert.deepEqual(rotated.body, { status: 'Succeeded' })
  const after = await keyIds()
  assert.equal(after.length, before.length + 1)
  assert.equal((await arm('GET', '/subscriptions')).status, 200, 'the token of before')
  const token = await server.tokenFor(server.owner)
  const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
  assert.ok(!before.includes(header.kid))
  assert.equal((await arm('GET', '/subscriptions', undefined, { token })).status, 200)
  const [event] = (await server.events()).filter(({ action }) => action === 'signing-keys.rotate')
  assert.partialDeepStrictEqual(event, {
    outcome: 'success',
    actor_id: server.owner.servicePrincipal.objectId,
    target: subscriptionScope,
  })
  assert.ok(!JSON.stringify(event).includes(publicOrigin))
})

test('withdrawing the signing keys invalidates all earlier tokens, and records an event', async () => {
  const token = await server.tokenFor(server.owner)
  assert.equal((await arm('GET', '/subscriptions', undefined, { token })).status, 200)
  const withdrawn = await arm('POST', `${subscriptionScope}/providers/Acrux.Server/withdrawSigningKeys`, undefined, {
    token,
  })
  assert.deepEqual([withdrawn.status, withdrawn.body], [200, { status: 'Succeeded' }])
  assert.equal((await arm('GET', '/subscriptions', undefined, { token })).status, 401)
  const again = await server.tokenFor(server.owner)
  assert.equal((await arm('GET', '/subscriptions', undefined, { token: again })).status, 200)
  const [event] = (await server.events()).filter(({ action }) => action === 'signing-keys.withdraw')
  assert.partialDeepStrictEqual(event, { outcome: 'success', target: subscriptionScope })
})
