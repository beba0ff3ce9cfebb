import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { managementRoutes } from './surface.ts'
import { rows } from './routes.ts'
import {
  at,
  codeOf,
  each,
  groupScope,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
  subscriptionId,
  subscriptionScope,
} from '../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())

await arm('PUT', registryPath('contoso'), newRegistry({ adminUserEnabled: true }))
await arm('PUT', registryPath('fabrikam'), newRegistry({ adminUserEnabled: true }))
const stranger = await server.tokenFor(await server.createPrincipal('stranger'))
const puller = await server.principalWith(roleGuids.acrPull, registryPath('contoso'))

const pathOf = (template: string): string =>
  template
    .replace(':subscriptionId', subscriptionId)
    .replace(':resourceGroup', 'Default')
    .replace(':registry', 'contoso')
    .replace(':identity', 'deploy')
    .replace(':machine', 'build-1')
    .replace(':name', randomUUID())

test('every route has a need, and every route except the metadata denies an unauthenticated caller', async () => {
  assert.ok(managementRoutes.length > 45, `${managementRoutes.length} routes`)
  assert.deepEqual(
    managementRoutes.filter(({ need }) => need === 'public').map(({ path }) => path),
    ['/metadata/endpoints'],
  )
  for (const { method, path } of rows) {
    assert.equal((await arm(method, pathOf(path), undefined, { token: '' })).status, 401, `${method} ${path}`)
    assert.equal((await arm(method, pathOf(path), undefined, { token: 'a.b.c' })).status, 401, `${method} ${path}`)
  }
})

test('every route denies a principal without a role, or gives an empty list', async () => {
  // A batch without a body, a list of what everybody knows, a document, and an operation that is nobody's but whose it is.
  const shown: Readonly<Record<string, number>> = {
    'management.batch': 415,
    'management.tenants.list': 200,
    'management.openApi.get': 200,
    'management.operations.list.Microsoft.ContainerRegistry': 200,
    'management.operations.list.Microsoft.ManagedIdentity': 200,
    'management.providerOperations.list': 200,
    'management.providerOperations.get': 404,
    'management.operationResults.get': 404,
    // Of users only.
    'management.access.ownDenials': 200,
    'management.access.ownDenial': 404,
  }
  for (const { id, method, path, need } of rows) {
    const answer = await arm(method, pathOf(path), undefined, { token: stranger })
    const status = shown[id]
    if (status !== undefined) assert.equal(answer.status, status, id)
    else if (need !== 'signed-in' && need.kind === 'signed-in') {
      assert.equal(answer.status, 200, id)
      assert.deepEqual(at(answer.body, 'value'), [], id)
    } else {
      assert.equal(answer.status, 403, id)
      if (method !== 'HEAD') assert.equal(codeOf(answer), 'AuthorizationFailed', id)
    }
  }
})

test('a data role on one registry shows the resources that contain it, and manages nothing', async () => {
  for (const { id, method, path, need } of rows) {
    const answer = await arm(method, pathOf(path), undefined, { token: puller.token })
    if (need !== 'signed-in' && need.kind === 'action') assert.equal(answer.status, 403, id)
    else if (answer.status === 400) assert.equal(codeOf(answer), 'NotSupported', id)
    else if (answer.status === 415) assert.equal(id, 'management.batch')
    else assert.ok(answer.status === 200 || answer.status === 404, id)
  }
  assert.deepEqual(each(await arm('GET', '/subscriptions', undefined, puller), 'subscriptionId'), [subscriptionId])
  assert.deepEqual(each(await arm('GET', `${subscriptionScope}/resources`, undefined, puller)), [])
  assert.deepEqual(each(await arm('GET', `${subscriptionScope}/resourceGroups`, undefined, puller)), [])
})

test('forbidden and missing resources are denied in the same words', async () => {
  const otherSubscription = '99999999-9999-4999-8999-999999999999'
  const elsewhere = groupScope.replace(subscriptionId, otherSubscription)
  const pairs = [
    [registryPath('contoso'), registryPath('nosuch')],
    [registryPath('contoso'), registryPath('contoso', `${subscriptionScope}/resourceGroups/nosuch`)],
    [registryPath('contoso'), registryPath('contoso', elsewhere)],
    [groupScope, `${subscriptionScope}/resourceGroups/nosuch`],
    [subscriptionScope, `/subscriptions/${otherSubscription}`],
  ] as const
  const reader = await server.principalWith(roleGuids.reader, registryPath('fabrikam'))
  for (const [there, missing] of pairs) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      if (there === subscriptionScope && method !== 'GET') continue
      const [one, other] = await Promise.all(
        [there, missing].map((path) => arm(method, path, newRegistry(), { token: stranger })),
      )
      assert.equal(one?.status, 403)
      assert.equal(other?.status, 403)
      assert.equal(one?.text.replaceAll(there, missing), other?.text)
      const names = [...(one?.headers.keys() ?? [])].toSorted()
      assert.deepEqual(names, [...(other?.headers.keys() ?? [])].toSorted())
      if (there === subscriptionScope) continue
      assert.equal((await arm(method, missing, newRegistry(), reader)).status, 403)
    }
  }
})

test('lists are empty for a principal without a role, whether or not resources exist', async () => {
  const lists = [
    `${subscriptionScope}/resourceGroups`,
    `${subscriptionScope}/resources`,
    `${subscriptionScope}/providers/Microsoft.ContainerRegistry/registries`,
    `${groupScope}/providers/Microsoft.ContainerRegistry/registries`,
    `${subscriptionScope}/resourceGroups/nosuch/providers/Microsoft.ContainerRegistry/registries`,
    '/subscriptions/99999999-9999-4999-8999-999999999999/resources',
    '/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups',
  ]
  for (const path of lists) {
    const answer = await arm('GET', path, undefined, { token: stranger })
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body, { value: [] }, path)
  }
})

test('a reader of one registry sees it, its group and its subscription, and no other registry', async () => {
  const reader = await server.principalWith(roleGuids.reader, registryPath('fabrikam'))
  const list = async (path: string, key = 'name') => each(await arm('GET', path, undefined, reader), key)
  const registries = 'providers/Microsoft.ContainerRegistry/registries'
  assert.deepEqual(await list('/subscriptions', 'subscriptionId'), [subscriptionId])
  assert.deepEqual(await list(`${subscriptionScope}/resourceGroups`), ['Default'])
  assert.deepEqual(await list(`${subscriptionScope}/resources`), ['fabrikam'])
  assert.deepEqual(await list(`${subscriptionScope}/${registries}`), ['fabrikam'])
  assert.deepEqual(await list(`${groupScope}/${registries}`), ['fabrikam'])
  assert.equal((await arm('GET', groupScope, undefined, reader)).status, 403)
  assert.equal((await arm('GET', registryPath('fabrikam'), undefined, reader)).status, 200)
  assert.equal((await arm('POST', `${registryPath('fabrikam')}/listCredentials`, undefined, reader)).status, 403)
})

test('a denial names the client, the action and the scope, and records an event with its correlation id', async () => {
  const { servicePrincipal } = puller
  const answer = await arm('POST', `${registryPath('contoso')}/listCredentials`, undefined, puller)
  const action = 'Microsoft.ContainerRegistry/registries/listCredentials/action'
  assert.deepEqual(answer.body, {
    error: {
      code: 'AuthorizationFailed',
      message: `The client '${servicePrincipal.appId}' with object id '${servicePrincipal.objectId}' does not have authorization to perform action '${action}' over scope '${registryPath('contoso')}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    },
  })
  const id = answer.headers.get('x-ms-correlation-request-id')
  const [event, ...more] = (await server.events()).filter((row) => row.correlation_id === id)
  assert.deepEqual(more, [])
  assert.partialDeepStrictEqual(event, {
    action: 'management.registries.listCredentials',
    outcome: 'refused',
    actor_kind: 'service-principal',
    actor_id: servicePrincipal.objectId,
    target: registryPath('contoso'),
    reason: 'AuthorizationFailed',
  })
})

test('an invalid token records an event, and a missing token does not', async () => {
  const count = async () => (await server.events()).filter(({ reason }) => reason === 'AuthenticationFailed').length
  const before = await count()
  await arm('GET', '/subscriptions', undefined, { token: '' })
  assert.equal(await count(), before)
  await arm('GET', '/subscriptions', undefined, { token: 'a.b.c' })
  assert.equal(await count(), before + 1)
})

test('a permission ends with its assignment, from the next request on', async () => {
  const contributor = await server.principalWith(roleGuids.contributor, groupScope)
  assert.equal((await arm('GET', registryPath('contoso'), undefined, contributor)).status, 200)
  const [name] = each(
    await arm(
      'GET',
      `${groupScope}/providers/Microsoft.Authorization/roleAssignments?api-version=1&$filter=principalId eq '${contributor.servicePrincipal.objectId}'`,
    ),
    'id',
  )
  assert.equal((await arm('DELETE', String(name))).status, 200)
  assert.equal((await arm('GET', registryPath('contoso'), undefined, contributor)).status, 403)
})
