import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actionsOf, expiryOf, nameFault, ownScopeMap } from './new-token.ts'
import type { TokenData } from './token-rows.ts'

const data = {
  tokens: [{ token: { name: 'build' } }],
  scopeMaps: [{ name: 'deploy-scope-map' }],
} as unknown as TokenData

test('the name of a new token is free, as are the names that its scope map gets', () => {
  assert.equal(nameFault('', data, 'contoso'), undefined)
  assert.equal(nameFault('nightly', data, 'contoso'), undefined)
  for (const name of ['ci', 'build agent', 'x'.repeat(51)])
    assert.equal(nameFault(name, data, 'contoso'), 'Use 5 to 50 letters, digits and hyphens.', name)
  for (const name of ['Build', 'deploy', 'CONTOSO'])
    assert.equal(nameFault(name, data, 'contoso'), 'A token, a scope map or the registry already has this name.', name)
})

test('the scope map of a token has its name, within 50 characters', () => {
  assert.equal(ownScopeMap('build'), 'build-scope-map')
  assert.equal(ownScopeMap('x'.repeat(45)), 'x'.repeat(45))
})

test('a scope map needs repositories and actions', () => {
  const choice = { kind: 'fresh', scopeMap: '', patterns: 'team/app\nbase/*', rights: ['content/read'] } as const
  assert.deepEqual(actionsOf(choice), ['repositories/team/app/content/read', 'repositories/base/*/content/read'])
  for (const change of [{ rights: [] }, { patterns: '' }, { patterns: 'Team' }])
    assert.equal(actionsOf({ ...choice, ...change }), undefined, JSON.stringify(change))
})

test('a password expires after days, or never', () => {
  assert.deepEqual(expiryOf(0), {})
  const days = (Date.parse(expiryOf(7).expiry ?? '') - Date.now()) / 86_400_000
  assert.ok(days > 6.9 && days <= 7, String(days))
})
