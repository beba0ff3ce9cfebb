import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Transaction } from '../../platform/sql/database.ts'
import { codeOf, roleGuids } from '../../../testing/management/test-management.ts'
import { assignments, openWithRegistry, roleId } from '../../../testing/management/test-roles.ts'

const { server, arm, registry } = await openWithRegistry()

const accessAdministrator = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
const { servicePrincipal: app } = await server.createPrincipal('app')
const { servicePrincipal: other } = await server.createPrincipal('other')
const at = (name: string) => `${assignments(registry)}/${name}`
const bodyOf = (role: string, principalId: string, rest: object = {}) => ({
  properties: {
    roleDefinitionId: roleId(role),
    principalId,
    ...rest,
  },
})

/** The text that Azure's portal writes: a term for each action, which lets every other action through. */
function portalCondition(terms: readonly ((source: 'Request' | 'Resource') => string)[]): string {
  const part = (verb: string, source: 'Request' | 'Resource') => `(
 (
  !(ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'})
 )
 OR 
 (
  ${terms.map((term) => term(source)).join('\n  AND\n  ')}
 )
)`
  return `${part('write', 'Request')}\nAND\n${part('delete', 'Resource')}`
}
const attribute = (source: string, name: string) => `@${source}[Microsoft.Authorization/roleAssignments:${name}]`
const rolesIn = (list: string) => (source: string) =>
  `${attribute(source, 'RoleDefinitionId')} ForAnyOfAnyValues:GuidEquals {${list}}`
const principalsIn = (list: string) => (source: string) =>
  `${attribute(source, 'PrincipalId')} ForAnyOfAnyValues:GuidEquals {${list}}`
const typesIn = (list: string) => (source: string) =>
  `${attribute(source, 'PrincipalType')} ForAnyOfAnyValues:StringEqualsIgnoreCase {${list}}`

async function delegate(condition: string) {
  const principal = await server.createPrincipal('delegate')
  const { objectId } = principal.servicePrincipal
  const made = await arm('PUT', at(randomUUID()), bodyOf(accessAdministrator, objectId, { condition }))
  assert.equal(made.status, 201, made.text)
  const token = await server.tokenFor(principal)
  const give = async (role: string, principalId: string, change: object = {}) => {
    const name = randomUUID()
    return { name, answer: await arm('PUT', at(name), bodyOf(role, principalId, change), { token }) }
  }
  const take = (name: string) => arm('DELETE', at(name), undefined, { token })
  return { give, take, objectId, token }
}

const noContent = async (name: string) => assert.equal((await arm('DELETE', at(name))).status, 200)

test('a delegate assigns and removes only the roles that the condition names', async () => {
  const list = `${roleGuids.acrPull}, ${roleGuids.acrPush}`
  const { give, take, objectId } = await delegate(portalCondition([rolesIn(list)]))
  const pull = await give(roleGuids.acrPull, app.objectId)
  assert.equal(pull.answer.status, 201, pull.answer.text)
  const { answer: owner } = await give(roleGuids.owner, objectId)
  assert.deepEqual([owner.status, codeOf(owner)], [403, 'AuthorizationFailed'])
  const byOwner = randomUUID()
  assert.equal((await arm('PUT', at(byOwner), bodyOf(roleGuids.reader, app.objectId))).status, 201)
  assert.equal((await take(byOwner)).status, 403)
  assert.equal((await take(pull.name)).status, 200)
  await noContent(byOwner)
})

test('conditions on principals and their types use the directory, not the request', async () => {
  const one = await delegate(portalCondition([rolesIn(roleGuids.acrPull), principalsIn(app.objectId.toUpperCase())]))
  assert.equal((await one.give(roleGuids.acrPull, other.objectId)).answer.status, 403)
  const given = await one.give(roleGuids.acrPull, app.objectId)
  assert.equal(given.answer.status, 201, given.answer.text)
  assert.equal((await one.take(given.name)).status, 200)

  const users = await delegate(portalCondition([typesIn("'User'")]))
  assert.equal((await users.give(roleGuids.acrPull, app.objectId)).answer.status, 403)
  assert.notEqual((await users.give(roleGuids.acrPull, app.objectId, { principalType: 'User' })).answer.status, 201)
  const programs = await delegate(portalCondition([typesIn("'serviceprincipal'")]))
  const made = await programs.give(roleGuids.acrPull, app.objectId)
  assert.equal(made.answer.status, 201, made.answer.text)
  assert.equal((await programs.take(made.name)).status, 200)
})

test('a delegate cannot extend their own permission, and a condition on another attribute denies', async () => {
  const { give, objectId, token } = await delegate(portalCondition([rolesIn(roleGuids.acrPull)]))
  assert.equal((await give(accessAdministrator, objectId)).answer.status, 403)
  const listed = await arm('GET', at('').slice(0, -1))
  const rows = (listed.body as { value: { name: string; properties: { principalId: string } }[] }).value
  const own = rows.find(({ properties }) => properties.principalId === objectId)?.name ?? ''
  assert.equal((await arm('PUT', at(own), bodyOf(accessAdministrator, objectId), { token })).status, 403)
  for (const condition of [
    "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'a'",
    `@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roleGuids.acrPull}}`,
    `!(@Principal[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roleGuids.owner}})`,
  ]) {
    const stranger = await delegate(condition)
    assert.equal((await stranger.give(roleGuids.acrPull, app.objectId)).answer.status, 403, condition)
  }
  const allBut = await delegate(
    `@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {${roleGuids.owner}, ${accessAdministrator}}`,
  )
  assert.equal((await allBut.give(roleGuids.owner, app.objectId)).answer.status, 403)
  const made = await allBut.give(roleGuids.acrPull, app.objectId)
  assert.equal(made.answer.status, 201, made.answer.text)
  assert.equal((await allBut.take(made.name)).status, 403, 'in a deletion there is no @Request')
})

test('a delegate cannot change or delete an assignment of the same name that was created after the check', async () => {
  const { give, take, token } = await delegate(portalCondition([rolesIn(roleGuids.acrPull)]))
  const created = await Promise.all(['replaced', 'replacing'].map((name) => server.createPrincipal(name)))
  const [one = '', another = ''] = created.map(({ servicePrincipal }) => servicePrincipal.objectId)
  const findAssignment = server.access.findAssignment.bind(server.access)
  const change = (name: string) => {
    const sent = bodyOf(roleGuids.acrPull, one, { description: 'changed' })
    return arm('PUT', at(name), sent, { token })
  }
  const sent = [
    [take, [403, 'AuthorizationFailed']],
    [change, [400, 'RoleAssignmentUpdateNotPermitted']],
  ] as const
  for (const [send, denial] of sent) {
    const { name, answer } = await give(roleGuids.acrPull, one)
    assert.equal(answer.status, 201, answer.text)
    // The assignment is replaced between the check of the caller and the change.
    Object.assign(server.access, {
      findAssignment: async (...place: Parameters<typeof findAssignment>) => {
        Object.assign(server.access, { findAssignment })
        const found = await findAssignment(...place)
        await noContent(name)
        const made = await arm('PUT', at(name), bodyOf(roleGuids.acrPush, another))
        assert.equal(made.status, 201, made.text)
        return found
      },
    })
    const denied = await send(name)
    // The authority moved, so the request is decided again: about the assignment that is there now.
    assert.deepEqual([denied.status, codeOf(denied)], denial)
    const left = await findAssignment(registry, name)
    assert.deepEqual([left?.roleDefinitionName, left?.description], [roleGuids.acrPush, null])
    await noContent(name)
  }
})

test('a delegate cannot change or delete an assignment of the same name that an earlier transaction of the commit created', async () => {
  const { give, take, token } = await delegate(portalCondition([rolesIn(roleGuids.acrPull)]))
  const created = await Promise.all(['earlier', 'later'].map((name) => server.createPrincipal(name)))
  const [one = '', another = ''] = created.map(({ servicePrincipal }) => servicePrincipal.objectId)
  const { access } = server
  const real = {
    deleteAssignment: access.deleteAssignment.bind(access),
    updateAssignment: access.updateAssignment.bind(access),
  }
  // The authority revision moves with the commit, so it is still the same after the earlier transaction.
  const replace = async (transaction: Transaction, scope: string, name: string) => {
    Object.assign(access, real)
    const found = (await access.findAssignment(scope, name)) ?? assert.fail()
    await real.deleteAssignment(transaction, scope, name)
    await access.createAssignment(transaction, {
      ...found,
      principalId: another,
      roleDefinitionName: roleGuids.acrPush,
    })
  }
  const change = (name: string) => arm('PUT', at(name), bodyOf(roleGuids.acrPull, one, { description: 'x' }), { token })
  for (const [send, changed] of [
    [take, 'deleteAssignment'],
    [change, 'updateAssignment'],
  ] as const) {
    const { name, answer } = await give(roleGuids.acrPull, one)
    assert.equal(answer.status, 201, answer.text)
    Object.assign(access, {
      [changed]: async (transaction: Transaction, ...rest: [string, string]) => {
        await replace(transaction, rest[0], rest[1])
        return Reflect.apply(real[changed], access, [transaction, ...rest]) as unknown
      },
    })
    const denied = await send(name)
    assert.deepEqual([denied.status, codeOf(denied)], [404, 'RoleAssignmentNotFound'])
    await noContent(name)
  }
})
