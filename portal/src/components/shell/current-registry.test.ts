import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentRegistry } from './current-registry.ts'

const usable = ['contoso', 'fabrikam'].map((name) => ({
  id: name,
  name,
  loginServer: `${name}.example`,
  roleAssignmentMode: 'LegacyRegistryPermissions' as const,
}))

test('the navigation shows the registry of the address, else the last one that can be used, else the first one', () => {
  assert.equal(currentRegistry('northwind', ['fabrikam'], usable), 'northwind')
  assert.equal(currentRegistry(undefined, ['deleted', 'fabrikam'], usable), 'fabrikam')
  assert.equal(currentRegistry(undefined, [], usable), 'contoso')
  assert.equal(currentRegistry(undefined, ['fabrikam'], []), undefined)
})
