import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { at, codeOf, each, roleGuids, subscriptionScope } from '../../../testing/management/test-management.ts'
import { assignments, openWithRegistry, roleId } from '../../../testing/management/test-roles.ts'

const { server, arm, registry } = await openWithRegistry({ roleAssignmentMode: 'AbacRepositoryPermissions' })
const repositoryReader = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
const { servicePrincipal: app } = await server.createPrincipal('app')
const assignment = (name: string, scope = registry) => `${assignments(scope)}/${name}`
const given = { roleDefinitionId: roleId(repositoryReader), principalId: app.objectId }
const condition = (repository: string) =>
  `@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals '${repository}'`
const properties = (change: object) => ({ properties: { ...given, ...change } })

test('an assignment keeps its condition and description unchanged, and shows them', async () => {
  const name = randomUUID()
  const made = await arm('PUT', assignment(name), properties({ condition: condition('a'), description: 'for CI' }))
  assert.equal(made.status, 201, made.text)
  assert.equal(at(made.body, 'properties', 'condition'), condition('a'))
  assert.equal(at(made.body, 'properties', 'conditionVersion'), '2.0', 'where none is given')
  assert.equal(at(made.body, 'properties', 'description'), 'for CI')
  assert.deepEqual((await arm('GET', assignment(name))).body, made.body)
  const list = await arm('GET', assignments(registry))
  assert.ok(each(list, 'properties', 'condition').includes(condition('a')))
  await arm('DELETE', assignment(name))
})

test('only the condition and the description of an assignment can be changed', async () => {
  const name = randomUUID()
  const made = await arm('PUT', assignment(name), properties({ condition: condition('a'), conditionVersion: '2.0' }))
  server.time.nowMs += 60_000
  const administrator = await server.principalWith('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', registry)
  const changed = await arm('PUT', assignment(name), properties({ condition: condition('b') }), administrator)
  assert.equal(changed.status, 200, changed.text)
  assert.equal(at(changed.body, 'properties', 'condition'), condition('b'))
  assert.equal(at(changed.body, 'properties', 'createdOn'), at(made.body, 'properties', 'createdOn'))
  assert.notEqual(at(changed.body, 'properties', 'updatedOn'), at(made.body, 'properties', 'updatedOn'))
  assert.equal(at(changed.body, 'properties', 'updatedBy'), administrator.servicePrincipal.objectId)
  assert.deepEqual((await arm('GET', assignment(name))).body, changed.body)
  const event = (await server.events()).find(({ action }) => action === 'role-assignment.update')
  assert.equal(event?.target, assignment(name))
  assert.ok(event?.detail?.includes('StringEquals'))

  const other = await arm('PUT', assignment(name), properties({ roleDefinitionId: roleId(roleGuids.acrPull) }))
  assert.equal(codeOf(other), 'RoleAssignmentUpdateNotPermitted')
  const bad = await arm('PUT', assignment(name), properties({ condition: condition('c').slice(1) }))
  assert.equal(codeOf(bad), 'InvalidRoleAssignmentCondition')
  assert.deepEqual((await arm('GET', assignment(name))).body, changed.body)
  const second = await arm('PUT', assignment(randomUUID()), properties({ condition: condition('c') }))
  assert.equal(codeOf(second), 'RoleAssignmentExists', 'a condition does not make it another assignment')
  const reader = await server.principalWith(roleGuids.contributor, registry)
  assert.equal((await arm('PUT', assignment(name), properties({}), reader)).status, 403)

  const removed = await arm('PUT', assignment(name), properties({}))
  assert.equal(removed.status, 200)
  assert.equal(at(removed.body, 'properties', 'condition'), null)
  await arm('DELETE', assignment(name))
})

test('a description may have several lines, and no other control characters', async () => {
  const name = randomUUID()
  const made = await arm('PUT', assignment(name), properties({ description: 'one\r\n\ttwo' }))
  assert.equal(at(made.body, 'properties', 'description'), 'one\r\n\ttwo')
  await arm('DELETE', assignment(name))
  const denied = await arm('PUT', assignment(name), properties({ description: 'a\u0000' }))
  assert.deepEqual([denied.status, codeOf(denied)], [400, 'InvalidRequestContent'])
})

test('the error of an invalid condition has the position of the character', async () => {
  const answer = await arm('PUT', assignment(randomUUID()), properties({ condition: "('a' StringIs 'b')" }))
  assert.equal(answer.status, 400)
  assert.deepEqual(answer.body, {
    error: {
      code: 'InvalidRoleAssignmentCondition',
      message: 'The given role assignment condition is invalid. At character 6: there is no operator StringIs.',
    },
  })
})

test('the assignment of the last owner of a subscription cannot get a condition', async () => {
  const scope = subscriptionScope
  const [owner] = (await server.access.listAssignments({ scope, includeBelow: false })).filter(
    ({ roleDefinitionName }) => roleDefinitionName === roleGuids.owner,
  )
  assert.ok(owner)
  const body = {
    properties: {
      roleDefinitionId: roleId(roleGuids.owner),
      principalId: owner.principalId,
      condition: condition('a'),
    },
  }
  const denied = await arm('PUT', assignment(owner.name, scope), body)
  assert.equal(denied.status, 400)
  assert.equal(codeOf(denied), 'CannotDeleteLastRbacAdminAssignment')
  assert.deepEqual(await server.access.findAssignment(scope, owner.name), owner)
})
