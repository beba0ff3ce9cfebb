import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PasswordUses, Token } from '../../api/types.ts'
import { passwordText } from './password-text.ts'
import { rowsOf, usersOf } from './token-rows.ts'

const token = {
  name: 'build',
  properties: {
    scopeMapId: '/registries/contoso/scopeMaps/Builders',
    credentials: { passwords: [{ name: 'password1', creationTime: '2026-11-24T00:00:00Z' }] },
  },
} as unknown as Token

test('the passwords of a token have their last use if the person may see it', () => {
  const [without] = rowsOf([token], undefined)
  assert.deepEqual(without?.passwords, [{ name: 'password1', createdAt: '2026-11-24T00:00:00Z' }])
  assert.equal(without?.showsUses, false)
  const passwords = [{ name: 'password1', lastUsedAt: '2026-11-30T00:00:00Z' }]
  const [row] = rowsOf([token], [{ name: 'build', properties: { passwords } } as unknown as PasswordUses])
  assert.deepEqual([row?.passwords, row?.showsUses], [passwords, true])
})

test('the tokens of a scope map are found in any case', () => {
  const tokens = rowsOf([token], undefined)
  assert.deepEqual(usersOf({ tokens, scopeMaps: [] }, 'builders'), ['build'])
  assert.deepEqual(usersOf({ tokens, scopeMaps: [] }, 'contoso'), [])
})

test('a password is described by its expiry, and by its last use if that is shown', () => {
  const password = { name: 'password1', createdAt: '2026-11-24T00:00:00Z' } as const
  assert.equal(passwordText(password, false), 'password1: does not expire')
  assert.match(passwordText({ ...password, expiresAt: '2000-01-01T00:00:00Z' }, true), /: expired .*2000.*, not used$/)
})
