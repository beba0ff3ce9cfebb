import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import {
  at,
  codeOf,
  openTestManagement,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'
import { usualDatabaseKind } from '../../../testing/platform/test-database.ts'

const trustedTenant = '30000000-0000-4000-8000-000000000003'
const authorization = `${subscriptionScope}/providers/Microsoft.Authorization`

async function open() {
  const server = await openTestManagement(usualDatabaseKind, [trustedTenant])
  const assign = (principalId: string, name: string = randomUUID(), properties: object = {}) => {
    const roleDefinitionId = `${authorization}/roleDefinitions/${roleGuids.acrPull}`
    const body = { properties: { roleDefinitionId, principalId, principalType: 'User', ...properties } }
    return server.arm('PUT', `${authorization}/roleAssignments/${name}`, body)
  }
  const actions = async () => (await server.events()).map(({ action, outcome }) => `${action} ${outcome}`)
  return { ...server, assign, actions }
}

test('a role can be assigned to a user of the trusted tenant who has not signed in yet', async (t) => {
  const { assign, directory, actions, close } = await open()
  t.after(close)
  const before = (await actions()).length
  const objectId = randomUUID()
  const made = await assign(objectId.toUpperCase())
  assert.equal(made.status, 201, made.text)
  assert.equal(at(made.body, 'properties', 'principalId'), objectId)
  assert.equal(at(made.body, 'properties', 'principalType'), 'User')
  assert.equal((await directory.findPrincipal(objectId))?.kind, 'user')
  assert.deepEqual((await actions()).slice(before), [
    'external-principal.create success',
    'role-assignment.create success',
  ])

  const name = String(at(made.body, 'name'))
  const again = await assign(objectId, name, { description: 'for the build' })
  assert.equal(again.status, 200, again.text)
  assert.equal(at(again.body, 'properties', 'description'), 'for the build')
})

test('a role assignment that is denied leaves no user of the trusted tenant behind', async (t) => {
  const { assign, directory, actions, createPrincipal, close } = await open()
  t.after(close)
  const { servicePrincipal } = await createPrincipal('app')
  const name = randomUUID()
  const first = await assign(servicePrincipal.objectId, name, { principalType: 'ServicePrincipal' })
  assert.equal(first.status, 201, first.text)
  const before = (await actions()).length
  const objectId = randomUUID()
  const denied = await assign(objectId, name)
  assert.equal(codeOf(denied), 'RoleAssignmentUpdateNotPermitted')
  assert.equal(await directory.findPrincipal(objectId), undefined)
  assert.deepEqual((await actions()).slice(before), ['management.roleAssignments.put.subscription refused'])
})

test('without a trusted tenant, a role cannot be assigned to an unknown user', async (t) => {
  const { arm, createPrincipal, close } = await openTestManagement()
  t.after(close)
  await createPrincipal('app')
  const roleDefinitionId = `${authorization}/roleDefinitions/${roleGuids.acrPull}`
  const properties = { roleDefinitionId, principalId: randomUUID(), principalType: 'User' }
  const denied = await arm('PUT', `${authorization}/roleAssignments/${randomUUID()}`, { properties })
  assert.equal(codeOf(denied), 'PrincipalNotFound')
})
