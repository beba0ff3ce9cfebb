import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  at,
  codeOf,
  each,
  groupScope,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'
import { definitions, openWithRegistry, roleId } from '../../../testing/management/test-roles.ts'

const { server, arm, registry } = await openWithRegistry()
await arm('PUT', `${subscriptionScope}/resourceGroups/other`, { location: 'local' })
const { servicePrincipal: app } = await server.createPrincipal('app')
const pullRead = 'Microsoft.ContainerRegistry/registries/pull/read'
const body = (change: object = {}) => ({
  properties: {
    roleName: 'Puller',
    description: 'pulls',
    type: 'CustomRole',
    permissions: [{ actions: [pullRead] }],
    assignableScopes: [subscriptionScope],
    ...change,
  },
})
const namesAt = async (scope: string, filter = '') => {
  const query = filter === '' ? '' : `&$filter=${encodeURIComponent(filter)}`
  const answer = await arm('GET', `${definitions(scope)}?api-version=2022-04-01${query}`)
  return each(answer, 'properties', 'roleName')
}

test('a custom role is created, shown, replaced and deleted', async () => {
  const name = randomUUID()
  const made = await arm('PUT', roleId(name.toUpperCase()), body())
  assert.equal(made.status, 201, made.text)
  const owner = server.owner.servicePrincipal.objectId
  assert.deepEqual(made.body, {
    properties: {
      roleName: 'Puller',
      type: 'CustomRole',
      description: 'pulls',
      assignableScopes: [subscriptionScope],
      permissions: [{ actions: [pullRead], notActions: [], dataActions: [], notDataActions: [] }],
      createdOn: '2026-11-24T12:00:00.12Z',
      updatedOn: '2026-11-24T12:00:00.12Z',
      createdBy: owner,
      updatedBy: owner,
    },
    id: roleId(name),
    type: 'Microsoft.Authorization/roleDefinitions',
    name,
  })
  assert.deepEqual((await arm('GET', roleId(name))).body, made.body)
  assert.deepEqual(await namesAt(registry, "roleName eq 'PULLER'"), ['Puller'])
  assert.deepEqual(await namesAt(subscriptionScope, "type eq 'CustomRole'"), ['Puller'])

  const changed = await arm('PUT', roleId(name), body({ roleName: 'Reader of images', description: null }))
  assert.equal(changed.status, 201)
  assert.equal(at(changed.body, 'properties', 'roleName'), 'Reader of images')
  assert.equal(at(changed.body, 'properties', 'description'), '')
  assert.equal(
    codeOf(await arm('PUT', roleId(randomUUID()), body({ roleName: 'reader OF images' }))),
    'RoleDefinitionWithSameNameExists',
  )

  const deleted = await arm('DELETE', roleId(name))
  assert.equal(deleted.status, 200)
  assert.deepEqual(deleted.body, changed.body)
  assert.equal((await arm('DELETE', roleId(name))).status, 204)
  assert.equal((await arm('GET', roleId(name))).status, 404)
  const events = (await server.events()).filter(({ target }) => target === roleId(name))
  const actions = events.filter(({ outcome }) => outcome === 'success').map(({ action }) => action)
  assert.deepEqual(actions, ['role-definition.create', 'role-definition.update', 'role-definition.delete'])
})

test('a custom role is assigned by its id, takes effect, and cannot be deleted while it is assigned', async () => {
  const name = randomUUID()
  await arm('PUT', roleId(name), body({ assignableScopes: [groupScope] }))
  const give = (scope: string) =>
    arm('PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`, {
      properties: { roleDefinitionId: roleId(name), principalId: app.objectId },
    })
  assert.equal(codeOf(await give(subscriptionScope)), 'RoleDefinitionDoesNotExist')
  const given = await give(registry)
  assert.equal(given.status, 201, given.text)
  assert.equal(at(given.body, 'properties', 'roleDefinitionId'), roleId(name))
  const denied = await arm('DELETE', roleId(name))
  assert.deepEqual([denied.status, codeOf(denied)], [400, 'RoleDefinitionHasAssignments'])
  const moved = await arm(
    'PUT',
    roleId(name),
    body({ assignableScopes: [`${subscriptionScope}/resourceGroups/other`] }),
  )
  assert.equal(codeOf(moved), 'RoleDefinitionHasAssignments')
  await arm('DELETE', String(at(given.body, 'id')))
  assert.equal((await arm('DELETE', roleId(name))).status, 200)
})

test('a role is listed where it can be assigned, and below with atScopeAndBelow()', async () => {
  const name = randomUUID()
  await arm('PUT', roleId(name, groupScope), body({ assignableScopes: [groupScope] }))
  assert.ok((await namesAt(groupScope)).includes('Puller'))
  assert.ok((await namesAt(registry)).includes('Puller'))
  assert.ok(!(await namesAt(subscriptionScope)).includes('Puller'))
  assert.ok((await namesAt(subscriptionScope, 'atScopeAndBelow()')).includes('Puller'))
  assert.ok(!(await namesAt(`${subscriptionScope}/resourceGroups/other`, 'atScopeAndBelow()')).includes('Puller'))
  assert.ok(!(await namesAt('', 'atScopeAndBelow()')).includes('Puller'), 'the tenant shows the built-in ones')
  assert.equal((await arm('GET', roleId(name, `${subscriptionScope}/resourceGroups/other`))).status, 404)
  await arm('DELETE', roleId(name))
})

test('the permission to write roles at a group does not extend to roles that can be assigned above it', async () => {
  const administrator = await server.principalWith('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', groupScope)
  const contributor = await server.principalWith(roleGuids.contributor, subscriptionScope)
  const name = randomUUID()
  const put = (who: { readonly token: string }, change: object, scope = groupScope) =>
    arm('PUT', roleId(name, scope), body(change), who)
  assert.equal(codeOf(await put(contributor, { assignableScopes: [groupScope] })), 'AuthorizationFailed')
  assert.equal(codeOf(await put(administrator, {})), 'LinkedAuthorizationFailed')
  assert.equal(
    codeOf(await put(administrator, { assignableScopes: [groupScope, subscriptionScope] })),
    'LinkedAuthorizationFailed',
  )
  const elsewhere = '/subscriptions/10000000-0000-4000-8000-0000000000ff'
  assert.equal(
    codeOf(await arm('PUT', roleId(name), body({ assignableScopes: [elsewhere] }))),
    'LinkedAuthorizationFailed',
  )
  assert.equal((await put(administrator, { assignableScopes: [groupScope] })).status, 201)
  assert.equal((await arm('PUT', roleId(name), body())).status, 201, 'the owner widens it')
  assert.equal(codeOf(await put(administrator, { assignableScopes: [groupScope] })), 'LinkedAuthorizationFailed')
  const removed = await arm('DELETE', roleId(name, groupScope), undefined, administrator)
  assert.equal(codeOf(removed), 'LinkedAuthorizationFailed')
  assert.equal((await arm('DELETE', roleId(name))).status, 200)
})

// prettier-ignore
const denials: readonly (readonly [what: string, change: object, code: string])[] = [
  ['no name',                       { roleName: ' ' },                                        'InvalidRequestContent'],
  ['a zero in its name',            { roleName: 'a\u0000b' },                                 'InvalidRequestContent'],
  ['a zero in its description',     { description: '\u0000' },                               'InvalidRequestContent'],
  ['no permissions',                { permissions: [] },                                      'InvalidRequestContent'],
  ['permissions that permit nothing', { permissions: [{ notActions: ['*'] }] },               'InvalidRoleDefinition'],
  ['what is no action',             { permissions: [{ actions: ['pull'] }] },                 'InvalidActionOrNotAction'],
  ['a path for an action',          { permissions: [{ actions: ['/a/../b'] }] },              'InvalidActionOrNotAction'],
  ['what is no data action to take away', { permissions: [{ dataActions: ['*'], notDataActions: ['x y/z'] }] }, 'InvalidActionOrNotAction'],
  ['no scope',                      { assignableScopes: [] },                                 'InvalidRequestContent'],
  ['the tenant for a scope',        { assignableScopes: ['/'] },                              'InvalidRoleDefinition'],
  ['what is no scope',              { assignableScopes: ['everywhere'] },                     'InvalidRoleDefinition'],
  ['the type of built-in ones',     { type: 'BuiltInRole' },                                  'InvalidRoleDefinition'],
  ['the name of a built-in one',    { roleName: 'acrpull' },                                  'RoleDefinitionWithSameNameExists'],
]
for (const [what, change, code] of denials) {
  test(`a role with ${what} is rejected, and not created`, async () => {
    const name = randomUUID()
    const answer = await arm('PUT', roleId(name), body(change))
    assert.equal(codeOf(answer), code, answer.text)
    assert.equal((await arm('GET', roleId(name))).status, 404)
  })
}

test('an event has the permissions of a role, unless they are very long', async () => {
  const detailOf = async (permissions: object[]) => {
    const name = randomUUID()
    assert.equal((await arm('PUT', roleId(name), body({ permissions }))).status, 201)
    await arm('DELETE', roleId(name))
    const made = (await server.events()).find(
      ({ target, action }) => target === roleId(name) && action.endsWith('create'),
    )
    return made?.detail ?? ''
  }
  assert.match(await detailOf([{ actions: [pullRead] }]), /pull\/read/)
  const many = Array.from({ length: 1000 }, (_, index) => `Microsoft.ContainerRegistry/registries/a${index}/read`)
  const long = await detailOf([{ actions: many }])
  assert.match(long, /isAbridged/)
  assert.ok(long.length < 1000)
})

test('a built-in role cannot be changed or deleted, and the name of a role is a GUID', async () => {
  for (const method of ['PUT', 'DELETE']) {
    const builtIn = await arm(method, roleId(roleGuids.acrPull), body({ roleName: 'Mine' }))
    assert.deepEqual([builtIn.status, codeOf(builtIn)], [400, 'BuiltInRoleDefinition'])
    assert.equal(codeOf(await arm(method, roleId('mine'), body())), 'InvalidRoleDefinitionId')
  }
})
