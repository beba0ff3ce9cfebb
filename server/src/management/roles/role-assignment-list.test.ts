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
import { assignments, definitions, filtered, openWithRegistry, roleId } from '../../../testing/management/test-roles.ts'

const { server, arm, registry } = await openWithRegistry()
const roleFilter = () => `roleDefinitionId eq '${roleId(randomUUID())}'`

test('assignments are listed at a scope and above it, or also below it, of all principals or of one', async () => {
  const { servicePrincipal: bob } = await server.createPrincipal('bob')
  for (const scope of [subscriptionScope, groupScope, registry]) {
    await server.assign(bob.objectId, roleGuids.acrPull, scope)
  }
  const scopes = async (scope: string, filter: string) =>
    each(await arm('GET', filtered(assignments(scope), filter)), 'properties', 'scope')
  const ofBob = `principalId eq '${bob.objectId.toUpperCase()}'`
  assert.deepEqual(await scopes(subscriptionScope, ofBob), [subscriptionScope, groupScope, registry])
  assert.deepEqual(await scopes(groupScope, ofBob), [groupScope, subscriptionScope, registry])
  assert.deepEqual(await scopes(groupScope, `atScope() and ${ofBob}`), [groupScope, subscriptionScope])
  assert.deepEqual(await scopes(groupScope, `atScope() and assignedTo('${bob.objectId}')`), [
    groupScope,
    subscriptionScope,
  ])
  const ofRole = `roleDefinitionId eq '${roleId(roleGuids.acrPull, registry).toUpperCase()}'`
  assert.deepEqual(await scopes(groupScope, `${ofRole} and ${ofBob}`), [groupScope, subscriptionScope, registry])
  assert.deepEqual(await scopes(groupScope, `roleDefinitionId eq '${roleId(randomUUID())}'`), [])
  const roles = each(await arm('GET', filtered(assignments(groupScope), ofRole)), 'properties', 'roleDefinitionId')
  assert.ok(roles.length >= 3)
  for (const id of roles) assert.equal(id, roleId(roleGuids.acrPull))
  const everybody = await scopes(registry, 'atScope()')
  assert.ok(everybody.length >= 4)
  assert.deepEqual(await scopes(registry, `principalId eq '${randomUUID()}'`), [])
  const listed = await arm('GET', filtered(assignments(registry), ofBob))
  const named = each(await arm('GET', definitions(registry)), 'id')
  for (const id of each(listed, 'properties', 'roleDefinitionId'))
    assert.ok(named.includes(id), 'joined by the same text')
})

test('assignments are listed in pages, each with a link to the next one that keeps the filter', async () => {
  const { servicePrincipal: principal } = await server.createPrincipal('paged')
  for (const scope of [subscriptionScope, groupScope, registry]) {
    await server.assign(principal.objectId, roleGuids.acrPull, scope)
    await server.assign(principal.objectId, roleGuids.acrPush, scope)
  }
  for (const filter of [`principalId eq '${principal.objectId}'`, 'atScope()']) {
    const whole = each(await arm('GET', filtered(assignments(groupScope), filter)), 'id')
    const pages: string[][] = []
    let next: string | undefined = `${filtered(assignments(groupScope), filter)}&$top=2`
    while (next !== undefined) {
      const page = await arm('GET', next)
      pages.push(each(page, 'id').map(String))
      const link = at(page.body, 'nextLink')
      next = typeof link === 'string' ? new URL(link).pathname + new URL(link).search : undefined
    }
    assert.deepEqual(pages.flat(), whole, filter)
    assert.deepEqual(new Set(pages.slice(0, -1).map(({ length }) => length)), new Set([2]), filter)
  }
  const [id] = each(await arm('GET', filtered(assignments(groupScope), 'atScope()')), 'id')
  const token = (text: string) => `&$skiptoken=${Buffer.from(text).toString('base64url')}`
  const answers = ['/', '/x', String(id).replace(/[^/]*$/, '')].map((text) =>
    arm('GET', `${filtered(assignments(groupScope), 'atScope()')}${token(text)}`),
  )
  for (const answer of await Promise.all(answers)) assert.equal(codeOf(answer), 'BadRequest', answer.text)
})

for (const filter of [
  "principalId eq 'x'",
  "principalId ne 'x'",
  "atScope('x')",
  'assignedTo()',
  'asTarget()',
  `principalId eq '${randomUUID()}' and assignedTo('${randomUUID()}')`,
  `roleDefinitionId eq '${randomUUID()}'`,
  `${roleFilter()} and ${roleFilter()}`,
]) {
  test(`a list of assignments rejects the filter ${filter.replaceAll(/[0-9a-f-]{36}/g, 'GUID')}`, async () => {
    const answer = await arm('GET', filtered(assignments(registry), filter))
    assert.equal(answer.status, 400)
    assert.equal(codeOf(answer), 'InvalidFilterInQueryString')
  })
}
