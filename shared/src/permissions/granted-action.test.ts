import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actionToGrant, roleFor } from './granted-action.ts'

test('pull is granted to read metadata, and nothing for an action that no grant includes', () => {
  assert.deepEqual(['pull', 'push', 'delete', 'metadata_read'].map(actionToGrant), ['pull', 'push', 'delete', 'pull'])
  for (const action of ['catalog', 'untag', 'toString', undefined]) assert.equal(actionToGrant(action), undefined)
})

test('the role for an action depends on the mode of the registry', () => {
  assert.equal(roleFor('pull', false), 'AcrPull')
  assert.equal(roleFor('pull', true), 'Container Registry Repository Reader')
})
