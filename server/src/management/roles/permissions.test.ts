import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, codeOf, roleGuids, subscriptionScope } from '../../../testing/management/test-management.ts'
import { openWithRegistry } from '../../../testing/management/test-roles.ts'

const { server, arm, registry } = await openWithRegistry()
const permissionsAt = (scope: string, token: string) =>
  arm('GET', `${scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`, undefined, { token })

test('a caller reads what their own roles permit at a scope, and no one else reads it', async () => {
  const puller = await server.principalWith(roleGuids.acrPull, registry)
  const found = await permissionsAt(registry, puller.token)
  assert.equal(found.status, 200, found.text)
  assert.deepEqual(at(found.body, 'value'), [
    {
      actions: ['Microsoft.ContainerRegistry/registries/pull/read'],
      notActions: [],
      dataActions: [],
      notDataActions: [],
      condition: null,
      conditionVersion: null,
    },
  ])
  assert.deepEqual(at((await permissionsAt(subscriptionScope, puller.token)).body, 'value'), [])
  const stranger = await server.tokenFor(await server.createPrincipal('stranger'))
  assert.equal(codeOf(await permissionsAt(registry, stranger)), 'AuthorizationFailed')
})
