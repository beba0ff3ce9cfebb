import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoleDefinition } from '../../api/types.ts'
import { linesOf, matchesRole, permissionTexts, textsOf } from './role-texts.ts'

const permissions = [
  {
    actions: ['a/read', 'a/write'],
    notActions: ['a/delete'],
    dataActions: ['b/read'],
    notDataActions: ['b/write'],
  },
]
const role = {
  properties: { roleName: 'Build Agent', description: 'Pushes images', permissions },
} as unknown as RoleDefinition

test('the permissions of a role are listed, then what is excluded', () => {
  assert.deepEqual(permissionTexts(role), ['a/read', 'a/write', 'b/read', 'except a/delete', 'except b/write'])
})

test('a role is found by its name and its description, in any case', () => {
  for (const text of ['', 'build', 'IMAGES']) assert.equal(matchesRole(role, text), true, text)
  assert.equal(matchesRole(role, 'pull'), false)
})

test('the actions of a role are edited one on each line, and read as words', () => {
  assert.equal(textsOf(role).actions, 'a/read\na/write')
  assert.deepEqual(linesOf(' a/read\n\n a/write '), ['a/read', 'a/write'])
  assert.deepEqual(Object.values(textsOf(undefined)), ['', '', '', ''])
})
