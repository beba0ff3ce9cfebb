import assert from 'node:assert/strict'
import { test } from 'node:test'
import { derivedId } from './derived-id.ts'

test('a derived id is a UUID of version 5, and is the same for a name in upper and lower case', () => {
  assert.equal(derivedId('users/ada@contoso.test'), '923a19e1-9430-5c66-b30c-bd66ec1652c5')
  assert.equal(derivedId('users/Ada@Contoso.test'), derivedId('users/ada@contoso.test'))
  assert.notEqual(derivedId('groups/ada@contoso.test'), derivedId('users/ada@contoso.test'))
})
