import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessExplanation, DecisionChange } from '@acrux/shared/wire/api-types.ts'
import { possibleChange } from './apply-change.ts'

const registryId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso'
const principal = { id: 'ada', type: 'User', name: 'Ada', detail: 'ada@example.com' } as const

/** The action of ARM that a change needs. Undefined if the portal cannot make the change. */
function needsOf(change: DecisionChange, explanation: object, isVisible = true) {
  const asked = { principal: 'ada', action: 'push', repository: 'team/app', assignments: [], ...explanation }
  return possibleChange({
    registryId,
    change,
    explanation: asked as unknown as AccessExplanation,
    principal: isVisible ? principal : undefined,
  })?.needs
}

const assign = 'Microsoft.Authorization/roleAssignments/write'

test('a role is assigned to a principal that the person sees', () => {
  const change = { kind: 'assign-role', roleDefinitionId: 'r', scope: registryId }
  assert.equal(needsOf(change, {}), assign)
  assert.equal(needsOf(change, {}, false), undefined)
  assert.equal(needsOf({ kind: 'assign-role' }, {}), undefined)
})

test('the condition of an assignment is changed if the assignment is of the principal and at this registry', () => {
  const change = { kind: 'change-condition', assignmentId: 'a' }
  const own = { id: 'a', principalId: 'ada', scope: registryId.toUpperCase(), roleName: 'x', condition: null }
  const asked = (changed: object) => ({ action: 'untag', assignments: [{ ...own, ...changed }] })
  assert.equal(needsOf(change, {}), assign, 'a grant of push')
  assert.equal(needsOf(change, asked({})), assign)
  assert.equal(needsOf(change, asked({ principalId: 'builders' })), undefined)
  assert.equal(needsOf(change, asked({ scope: '/subscriptions/s' })), undefined)
})

test('a scope map of the registry is extended, and a built-in one is not', () => {
  const change = { kind: 'extend-scope-map', action: 'repositories/team/app/content/write' }
  const write = 'Microsoft.ContainerRegistry/registries/scopeMaps/write'
  assert.equal(needsOf(change, { scopeMap: { name: 'ci', actions: [] } }), write)
  assert.equal(needsOf(change, { scopeMap: { name: '_repositories_push', actions: [] } }), undefined)
})

test('other changes are made by hand', () => {
  assert.equal(needsOf({ kind: 'enable-admin-account' }, {}), 'Microsoft.ContainerRegistry/registries/write')
  assert.equal(needsOf({ kind: 'sign-in-again' }, {}), undefined)
})
