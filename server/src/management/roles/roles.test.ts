import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { until } from '../../../testing/platform/test-patience.ts'
import {
  at,
  codeOf,
  each,
  groupScope,
  newRegistry,
  registryPath,
  roleGuids,
  subscriptionId,
  subscriptionScope,
  tenantId,
} from '../../../testing/management/test-management.ts'
import { assignments, definitions, filtered, openWithRegistry, roleId } from '../../../testing/management/test-roles.ts'

// One test waits until a transaction of SQLite's only writer is waiting.
const { server, arm, registry } = await openWithRegistry({}, 'sqlite')
const secondSubscription = '10000000-0000-4000-8000-000000000009'
await server.database.transaction((transaction) =>
  server.resources.createSubscription(transaction, { subscriptionId: secondSubscription, tenantId, displayName: 'x' }),
)
const { servicePrincipal: app } = await server.createPrincipal('app')
const give = (scope: string, properties: object, name: string = randomUUID()) =>
  arm('PUT', `${assignments(scope)}/${name}`, { properties })
const userAccessAdministrator = '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9'
const acrPull = { roleDefinitionId: roleId(roleGuids.acrPull), principalId: app.objectId }

test('a role is found by its name in any case, at every scope, with its id', async () => {
  for (const scope of [subscriptionScope, groupScope, registry]) {
    for (const name of ['AcrPull', 'acrpull', 'ACRPULL']) {
      const answer = await arm('GET', filtered(definitions(scope), `roleName eq '${name}'`))
      assert.deepEqual(answer.body, {
        value: [
          {
            properties: {
              roleName: 'AcrPull',
              type: 'BuiltInRole',
              description: 'acr pull',
              assignableScopes: ['/'],
              permissions: [
                {
                  actions: ['Microsoft.ContainerRegistry/registries/pull/read'],
                  notActions: [],
                  dataActions: [],
                  notDataActions: [],
                },
              ],
            },
            id: roleId(roleGuids.acrPull),
            type: 'Microsoft.Authorization/roleDefinitions',
            name: roleGuids.acrPull,
          },
        ],
      })
    }
  }
})

test('role definitions are listed as a whole, by type, and one by one', async () => {
  const all = each(await arm('GET', definitions(registry)), 'name')
  assert.ok(all.length > 20)
  const count = async (filter: string) => each(await arm('GET', filtered(definitions(registry), filter))).length
  assert.equal(await count("type eq 'BuiltInRole'"), all.length)
  assert.equal(await count("type eq 'CustomRole'"), 0)
  assert.equal(await count('atScopeAndBelow()'), all.length)
  assert.equal(await count("atScopeAndBelow() and roleName eq 'Owner'"), 1)
  assert.equal(await count("roleName eq 'NoSuchRole'"), 0)
  const one = await arm('GET', `${definitions(groupScope)}/${roleGuids.owner.toUpperCase()}`)
  assert.equal(at(one.body, 'properties', 'roleName'), 'Owner')
  const missing = await arm('GET', `${definitions(groupScope)}/${randomUUID()}`)
  assert.equal(missing.status, 404)
  assert.equal(codeOf(missing), 'RoleDefinitionDoesNotExist')
  for (const filter of ["description eq 'x'", "roleName ne 'x'", "atScopeAndBelow('x')", 'atScope()']) {
    assert.equal((await arm('GET', filtered(definitions(registry), filter))).status, 400, filter)
  }
  const tenant = await arm('GET', `/providers/Microsoft.Authorization/roleDefinitions/${roleGuids.acrPull}`)
  assert.equal(at(tenant.body, 'id'), `/providers/Microsoft.Authorization/roleDefinitions/${roleGuids.acrPull}`)
})

test('a role is assigned at a subscription, a group and a registry, and the document is complete', async () => {
  for (const scope of [subscriptionScope, groupScope, registry]) {
    const name = randomUUID()
    const made = await give(scope.toLowerCase(), { ...acrPull, principalType: 'ServicePrincipal' }, name.toUpperCase())
    assert.equal(made.status, 201, made.text)
    const owner = server.owner.servicePrincipal.objectId
    assert.deepEqual(made.body, {
      properties: {
        roleDefinitionId: roleId(roleGuids.acrPull),
        principalId: app.objectId,
        principalType: 'ServicePrincipal',
        scope,
        condition: null,
        conditionVersion: null,
        createdOn: '2026-11-24T12:00:00.12Z',
        updatedOn: '2026-11-24T12:00:00.12Z',
        createdBy: owner,
        updatedBy: owner,
        delegatedManagedIdentityResourceId: null,
        description: null,
      },
      id: `${assignments(scope)}/${name}`,
      type: 'Microsoft.Authorization/roleAssignments',
      name,
    })
    assert.deepEqual((await arm('GET', `/${String(at(made.body, 'id'))}`)).body, made.body, 'as az asks, by id')
    const again = await give(scope, acrPull, name)
    assert.equal(again.status, 200)
    assert.deepEqual(again.body, made.body)
    const twice = await give(scope, acrPull)
    assert.equal(twice.status, 409)
    assert.equal(codeOf(twice), 'RoleAssignmentExists')
    const other = await give(scope, { ...acrPull, roleDefinitionId: roleId(roleGuids.acrPush) }, name)
    assert.equal(other.status, 400)
    assert.equal(codeOf(other), 'RoleAssignmentUpdateNotPermitted')
    const [event] = (await server.events()).filter(
      ({ action, target }) => action === 'role-assignment.create' && target === `${assignments(scope)}/${name}`,
    )
    assert.equal(event?.actor_id, owner)

    const deleted = await arm('DELETE', String(at(made.body, 'id')))
    assert.equal(deleted.status, 200)
    assert.deepEqual(deleted.body, made.body)
    assert.equal((await arm('DELETE', String(at(made.body, 'id')))).status, 204)
    const gone = await arm('GET', String(at(made.body, 'id')))
    assert.equal(gone.status, 404)
    assert.equal(codeOf(gone), 'RoleAssignmentNotFound')
  }
})

test('a role is named by its id in the tenant, in the subscription or at the scope', async () => {
  const ids = [
    `/providers/Microsoft.Authorization/roleDefinitions/${roleGuids.acrPull}`,
    roleId(roleGuids.acrPull).toUpperCase(),
    roleId(roleGuids.acrPull, groupScope),
    roleId(roleGuids.acrPull, registry),
  ]
  for (const roleDefinitionId of ids) {
    const made = await give(registry, { ...acrPull, roleDefinitionId })
    assert.equal(made.status, 201, roleDefinitionId)
    assert.equal(at(made.body, 'properties', 'roleDefinitionId'), roleId(roleGuids.acrPull))
    await arm('DELETE', String(at(made.body, 'id')))
  }
})

const stray = `/subscriptions/${secondSubscription}`
// prettier-ignore
const denials: readonly (readonly [what: string, properties: object, code: string])[] = [
  ['a role of another subscription',        { ...acrPull, roleDefinitionId: roleId(roleGuids.acrPull, stray) },          'InvalidRoleDefinitionId'],
  ['a role of a registry beside the scope', { ...acrPull, roleDefinitionId: roleId(roleGuids.acrPull, registryPath('other')) }, 'InvalidRoleDefinitionId'],
  ['a role by its GUID alone',              { ...acrPull, roleDefinitionId: roleGuids.acrPull },                         'InvalidRoleDefinitionId'],
  ['a role by its name',                    { ...acrPull, roleDefinitionId: roleId('AcrPull') },                         'InvalidRoleDefinitionId'],
  ['what is no role',                       { ...acrPull, roleDefinitionId: registry },                                  'InvalidRoleDefinitionId'],
  ['a role that is not there',              { ...acrPull, roleDefinitionId: roleId(randomUUID()) },                      'RoleDefinitionDoesNotExist'],
  ['a principal that is not there',         { ...acrPull, principalId: randomUUID() },                                   'PrincipalNotFound'],
  ['an application’s id for its principal', { ...acrPull, principalId: app.appId },                                      'PrincipalNotFound'],
  ['a principal that is no GUID',           { ...acrPull, principalId: "' or 1=1 --" },                                  'PrincipalNotFound'],
  ['another type of principal',             { ...acrPull, principalType: 'User' },                                       'UnmatchedPrincipalType'],
  ['a type that there is not',              { ...acrPull, principalType: 'Device' },                                     'UnmatchedPrincipalType'],
  ['a condition that is none',              { ...acrPull, condition: 'true', conditionVersion: '2.0' },                  'InvalidRoleAssignmentCondition'],
  ['a condition of another version',        { ...acrPull, condition: "'a' StringEquals 'a'", conditionVersion: '1.0' },  'InvalidRoleAssignmentCondition'],
  ['a version without a condition',         { ...acrPull, conditionVersion: '2.0' },                                     'InvalidRoleAssignmentCondition'],
  ['no role',                               { principalId: app.objectId },                                               'InvalidRequestContent'],
  ['no principal',                          { roleDefinitionId: roleId(roleGuids.acrPull) },                             'InvalidRequestContent'],
]

for (const [what, properties, code] of denials) {
  test(`an assignment with ${what} is rejected, and not created`, async () => {
    const before = await arm('GET', assignments(subscriptionScope))
    const answer = await give(registry, properties)
    assert.equal(answer.status, 400, answer.text)
    assert.equal(codeOf(answer), code)
    assert.deepEqual((await arm('GET', assignments(subscriptionScope))).body, before.body)
  })
}

test('an empty condition and null mean no condition', async () => {
  for (const condition of ['', null]) {
    const made = await give(registry, { ...acrPull, condition, conditionVersion: null })
    assert.equal(made.status, 201)
    await arm('DELETE', String(at(made.body, 'id')))
  }
})

test('the name of an assignment is a GUID', async () => {
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await arm(method, `${assignments(registry)}/mine`, { properties: acrPull })
    assert.equal(answer.status, 400)
    assert.equal(codeOf(answer), 'InvalidRoleAssignmentId')
  }
})

test('a role can be assigned only at an existing resource', async () => {
  const missing = await give(registryPath('nosuch'), acrPull)
  assert.equal(missing.status, 404)
  assert.equal(codeOf(missing), 'ResourceNotFound')
  assert.equal(codeOf(await give(`${subscriptionScope}/resourceGroups/nosuch`, acrPull)), 'ResourceGroupNotFound')
  assert.equal((await give(stray, acrPull)).status, 403)
  assert.equal((await give('', acrPull)).status, 404)
  assert.equal((await give(`${registry}/scopeMaps/x`, acrPull)).status, 404)
})

test('the path determines the scope of an assignment, not the body', async () => {
  const made = await give(registry, { ...acrPull, scope: subscriptionScope, createdBy: app.objectId })
  assert.equal(at(made.body, 'properties', 'scope'), registry)
  assert.notEqual(at(made.body, 'properties', 'createdBy'), app.objectId)
  await arm('DELETE', String(at(made.body, 'id')))
})

test('the permission to assign roles on a registry does not extend to the scopes above it', async () => {
  const administrator = await server.principalWith(userAccessAdministrator, registry)
  const contributor = await server.principalWith(roleGuids.contributor, subscriptionScope)
  const put = (scope: string, who: { readonly token: string }) =>
    arm('PUT', `${assignments(scope)}/${randomUUID()}`, { properties: acrPull }, who)
  assert.equal((await put(groupScope, administrator)).status, 403)
  assert.equal((await put(subscriptionScope, administrator)).status, 403)
  for (const scope of [registry, groupScope, subscriptionScope])
    assert.equal((await put(scope, contributor)).status, 403)
  const made = await put(registry, administrator)
  assert.equal(made.status, 201)
  const id = String(at(made.body, 'id'))
  assert.equal((await arm('DELETE', id, undefined, contributor)).status, 403)
  const elsewhere = id.replace(registry, groupScope)
  assert.equal((await arm('DELETE', elsewhere)).status, 204, 'it is not found through another scope')
  assert.equal((await arm('GET', elsewhere)).status, 404)
  assert.equal((await arm('DELETE', id, undefined, administrator)).status, 200)
})

test('the last owner of a subscription cannot be removed; with another owner, the first can', async () => {
  const owners = each(
    await arm(
      'GET',
      filtered(assignments(subscriptionScope), `principalId eq '${server.owner.servicePrincipal.objectId}'`),
    ),
    'id',
  )
  assert.equal(owners.length, 1)
  const denied = await arm('DELETE', String(owners[0]))
  assert.equal(denied.status, 400)
  assert.equal(codeOf(denied), 'CannotDeleteLastRbacAdminAssignment')
  const next = await server.principalWith(roleGuids.owner, subscriptionScope)
  assert.equal((await arm('DELETE', String(owners[0]), undefined, next)).status, 200)
  assert.equal((await arm('GET', subscriptionScope, undefined, next)).status, 200)
  assert.equal((await arm('GET', registry)).status, 403)
  await server.assign(server.owner.servicePrincipal.objectId, roleGuids.owner, `/subscriptions/${subscriptionId}`)
  assert.equal((await arm('GET', registry)).status, 200)
})

test('of two owners that are removed concurrently, one stays', async () => {
  await server.principalWith(roleGuids.owner, subscriptionScope)
  const filter = (id: string) => filtered(assignments(subscriptionScope), id)
  const all = await arm('GET', filter('atScope()'))
  const owners = each(all, 'properties', 'roleDefinitionId').flatMap((role, index) =>
    String(role).endsWith(roleGuids.owner) ? [String(each(all, 'id')[index])] : [],
  )
  assert.ok(owners.length >= 2)
  // The caller keeps its rights: an owner who removes the own assignment is denied the other deletions.
  const caller = await server.principalWith(userAccessAdministrator, subscriptionScope)
  const answers = await Promise.all(owners.map((owner) => arm('DELETE', owner, undefined, caller)))
  const left = await server.access.listAssignments({ scope: subscriptionScope, includeBelow: false })
  const stayed = left.filter(({ roleDefinitionName }) => roleDefinitionName === roleGuids.owner)
  assert.equal(stayed.length, 1, answers.map(({ status }) => status).join())
  if (!stayed.some(({ principalId }) => principalId === server.owner.servicePrincipal.objectId)) {
    await server.assign(server.owner.servicePrincipal.objectId, roleGuids.owner, subscriptionScope)
  }
})

test('a role that is assigned while its registry is deleted does not apply to a new registry of its name', async () => {
  const path = registryPath('racing')
  for (let round = 0; round < 10; round++) {
    await arm('PUT', path, newRegistry())
    const [given] = await Promise.all([give(path, acrPull), arm('DELETE', path)])
    assert.ok(given.status === 201 || given.status === 404, given.text)
    const left = await server.access.listAssignments({ scope: path, includeBelow: true, principalIds: [app.objectId] })
    assert.deepEqual(left, [])
  }
})

test('a role that is assigned to a principal that is being deleted is not stored', async () => {
  const place = { subscriptionId, resourceGroup: 'Default', name: 'fleeting' }
  const { identity } = await server.database.transaction((transaction) =>
    server.directory.managedIdentities.put(transaction, {
      ...place,
      kind: 'user-assigned',
      location: 'local',
      tags: {},
    }),
  )
  const principalId = identity.objectId
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>()
  const deletion = server.database.transaction(async (transaction) => {
    hold()
    // The request has found the principal then, and waits for this transaction to end.
    await until('the assignment waits to be written', () => server.database.writerLoad().waiting > 0)
    await server.directory.managedIdentities.delete(transaction, identity)
  })
  await isHeld
  const [given] = await Promise.all([give(registry, { ...acrPull, principalId }), deletion])
  assert.equal(codeOf(given), 'PrincipalNotFound', given.text)
  const left = await server.access.listAssignments({ scope: registry, includeBelow: true, principalIds: [principalId] })
  assert.deepEqual(left, [])
})

test('a principal that is the last owner of a subscription cannot be deleted, and keeps its assignments', async () => {
  const scope = `/subscriptions/${secondSubscription}`
  const { database, directory } = server
  const { servicePrincipal } = await server.createPrincipal('last owner')
  const owners = { displayName: 'owners', mailNickname: 'owners' }
  const group = await database.transaction((transaction) => directory.groups.createGroup(transaction, owners))
  for (const [id, erase] of [
    [servicePrincipal.objectId, directory.applications.deleteServicePrincipal],
    [group.objectId, directory.groups.deleteGroup],
  ] as const) {
    const name = await server.assign(id, roleGuids.owner, scope)
    const deleting = () => database.transaction(async (transaction) => void (await erase(transaction, id)))
    await assert.rejects(deleting, { name: 'DirectoryError', rejection: 'invalid', message: /last owner of/ })
    assert.equal((await directory.findPrincipal(id))?.objectId, id)
    assert.equal((await server.access.findAssignment(scope, name))?.principalId, id)
    await server.assign(server.owner.servicePrincipal.objectId, roleGuids.owner, scope)
    await deleting()
    assert.equal(await directory.findPrincipal(id), undefined)
    assert.equal(await server.access.findAssignment(scope, name), undefined)
    await server.database.transaction((transaction) => server.access.deleteAssignmentsBelow(transaction, scope))
  }
})
