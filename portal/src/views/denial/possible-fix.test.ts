import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decision } from '@acrux/shared/wire/api-types.ts'
import { possibleFix } from './possible-fix.ts'

const registry = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso'
const decision = {
  principal: { kind: 'user', id: 'ada' },
  asked: { action: 'push', repository: 'team/app', scope: `${registry}/repositories/team/app` },
  smallestChange: { kind: 'assign-role', roleName: 'AcrPush', roleDefinitionId: 'r', scope: registry },
  since: null,
} as unknown as Decision

const fixOf = (changed: object) => possibleFix({ ...decision, ...changed })

test('the fix of a denial is the role that is missing', () => {
  const { roleName, scope, condition } = fixOf({}) ?? {}
  assert.deepEqual([roleName, scope, condition], ['AcrPush', registry, null])
})

test('if a condition has to change, the fix grants the action on the repository', () => {
  const change = { kind: 'change-condition', assignmentId: 'a' }
  const { roleName, scope, repository } = fixOf({ smallestChange: change }) ?? {}
  assert.deepEqual([roleName, scope, repository], ['Container Registry Repository Writer', registry, 'team/app'])
  assert.equal(fixOf({ smallestChange: change, asked: null }), undefined)
})

test('there is no fix for what is allowed now, for callers without a role, and for other changes', () => {
  assert.equal(fixOf({ since: { allowed: true } }), undefined)
  assert.equal(fixOf({ principal: { kind: 'scoped-token', id: 'ci' } }), undefined)
  assert.equal(fixOf({ smallestChange: { kind: 'sign-in-again' } }), undefined)
})
