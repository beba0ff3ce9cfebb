import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matchesActionPattern, permitsAction, permitsDataAction, type RolePermissions } from './role-permissions.ts'

const none: RolePermissions = { actions: [], notActions: [], dataActions: [], notDataActions: [] }

test('a star in an action is any run of characters', () => {
  const pull = 'Microsoft.ContainerRegistry/registries/pull/read'
  // prettier-ignore
  const cases: readonly { pattern: string; action: string; matches: boolean; why: string }[] = [
    { pattern: pull, action: pull, matches: true, why: 'itself' },
    { pattern: pull.toUpperCase(), action: pull, matches: true, why: 'actions have no case' },
    { pattern: '*', action: pull, matches: true, why: 'everything' },
    { pattern: '*/read', action: pull, matches: true, why: 'a run holds slashes' },
    { pattern: 'Microsoft.ContainerRegistry/*', action: pull, matches: true, why: 'a prefix' },
    { pattern: 'Microsoft.*/registries/*/read', action: pull, matches: true, why: 'several' },
    { pattern: `${pull}*`, action: pull, matches: true, why: 'a run may be empty' },
    { pattern: '**', action: pull, matches: true, why: 'two runs' },
    { pattern: '*', action: '', matches: true, why: 'a run may be empty' },
    { pattern: '', action: '', matches: true, why: 'nothing is nothing' },
    { pattern: '', action: pull, matches: false, why: 'no pattern' },
    { pattern: '*/write', action: pull, matches: false, why: 'another end' },
    { pattern: 'Microsoft.ContainerRegistry', action: pull, matches: false, why: 'a prefix without a star' },
    { pattern: 'registries/*', action: pull, matches: false, why: 'the middle' },
    { pattern: 'ab*ba', action: 'aba', matches: false, why: 'head and tail do not share a letter' },
    { pattern: 'a*b*b', action: 'ab', matches: false, why: 'each part has its own place' },
    { pattern: 'a*bc*c', action: 'abc', matches: false, why: 'a part does not reach into the tail' },
    { pattern: 'a.c', action: 'abc', matches: false, why: 'a dot is a dot' },
    { pattern: 'a?c', action: 'abc', matches: false, why: 'a question mark is one' },
    { pattern: '(a+)+$', action: 'aaaa', matches: false, why: 'no regular expression' },
  ]
  for (const { pattern, action, matches, why } of cases) {
    assert.equal(matchesActionPattern(pattern, action), matches, `${pattern}: ${why}`)
  }
})

test('a pattern matches the same texts as its regular expression', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', '/', '*'), maxLength: 8 })
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const action = text.replaceAll('*', '')
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action)
      assert.equal(matchesActionPattern(pattern, action), expected)
    }),
    { numRuns: 2000 },
  )
})

test('no pattern is slow', () => {
  const start = process.cpuUsage()
  assert.equal(matchesActionPattern(`${'a*'.repeat(20_000)}b`, 'a'.repeat(40_000)), false)
  assert.equal(matchesActionPattern(`${'*a'.repeat(20_000)}*c*`, 'a'.repeat(40_000)), false)
  const { user } = process.cpuUsage(start)
  assert.ok(user < 2e6, `${user} microseconds of processor time`)
})

test('notActions of a role do not affect other roles', () => {
  const contributor = { ...none, actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] }
  const administrator = { ...none, actions: ['Microsoft.Authorization/roleAssignments/write'] }
  const write = 'microsoft.authorization/roleAssignments/write'
  assert.equal(permitsAction([contributor], 'x/read'), true)
  assert.equal(permitsAction([contributor], write), false)
  assert.equal(permitsAction([contributor, administrator], write), true, 'another role may give it')
  assert.equal(permitsAction([administrator, contributor], write), true, 'in any order')
  assert.equal(permitsAction([], 'x/read'), false, 'nothing is permitted by default')
  assert.equal(permitsAction([none], ''), false)
})

test('actions and data actions are separate', () => {
  const owner = { ...none, actions: ['*'] }
  const reader = { ...none, dataActions: ['*/read'], notDataActions: ['*/metadata/read'] }
  assert.equal(permitsDataAction([owner], 'a/content/read'), false)
  assert.equal(permitsAction([reader], 'a/content/read'), false)
  assert.equal(permitsDataAction([reader], 'a/content/read'), true)
  assert.equal(permitsDataAction([reader], 'a/metadata/read'), false)
})
