import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matrixOf, permittedParts } from './permitted.ts'

const prefix = 'Microsoft.ContainerRegistry/registries/repositories'
const named = (operator: string, text: string) => `@Request[${prefix}:name] ${operator} '${text}'`
const without = (action: string) => `!(ActionMatches{'${prefix}/${action}'})`
const abac = 'AbacRepositoryPermissions'

/** The role Container Registry Repository Writer with a condition. */
const writer = (condition: string | null) => ({
  condition,
  permissions: [
    {
      actions: [],
      notActions: [],
      dataActions: ['content/read', 'content/write', 'metadata/read', 'metadata/write'].map(
        (action) => `${prefix}/${action}`,
      ),
      notDataActions: [],
    },
  ],
})

const core = named('StringEqualsIgnoreCase', 'payments/core')
const payments = named('StringStartsWithIgnoreCase', 'payments/')
const twoAlternatives = `(${core}) OR (${payments} AND ${without('content/write')} AND ${without('metadata/write')})`

test('the actions and repositories of every alternative of a condition are described', () => {
  assert.deepEqual(permittedParts(writer(twoAlternatives), abac), [
    { actions: ['pull'], places: { patterns: ['payments/*'], others: false } },
    { actions: ['push', 'untag'], places: { patterns: ['payments/core'], others: false } },
  ])
})

test('a role without a condition permits its actions in all repositories', () => {
  assert.deepEqual(permittedParts(writer(null), abac), [
    { actions: ['pull', 'push', 'untag'], places: { patterns: ['*'], others: false } },
  ])
  assert.deepEqual(permittedParts({ condition: null, permissions: [] }, abac), [])
})

test('a condition that names no repositories depends on each repository', () => {
  const custom = named('StringNotStartsWithIgnoreCase', 'legacy/')
  assert.deepEqual(permittedParts(writer(custom), abac), [
    { actions: ['pull', 'push', 'untag'], places: { patterns: [], others: true } },
  ])
  assert.deepEqual(matrixOf(writer(custom), abac), [
    { pattern: undefined, answers: { pull: 'condition', push: 'condition', untag: 'condition', delete: 'no' } },
  ])
})

test('the matrix has a row for each named path and repository, and a row for all others', () => {
  assert.deepEqual(matrixOf(writer(twoAlternatives), abac), [
    { pattern: 'payments/*', answers: { pull: 'yes', push: 'no', untag: 'no', delete: 'no' } },
    { pattern: 'payments/core', answers: { pull: 'yes', push: 'yes', untag: 'yes', delete: 'no' } },
    { pattern: undefined, answers: { pull: 'no', push: 'no', untag: 'no', delete: 'no' } },
  ])
})

test('an excluded action is permitted nowhere, and the others everywhere', () => {
  assert.deepEqual(matrixOf(writer(without('content/write')), abac), [
    { pattern: undefined, answers: { pull: 'yes', push: 'no', untag: 'yes', delete: 'no' } },
  ])
})
