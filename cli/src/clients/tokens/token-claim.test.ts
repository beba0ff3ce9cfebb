import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unverifiedClaim, unverifiedClaims } from './token-claim.ts'

const jwtOf = (claims: string): string => `e30.${Buffer.from(claims).toString('base64url')}.`

test('a text claim is read, and other values are not', () => {
  assert.equal(unverifiedClaim(jwtOf('{"oid":"a","exp":1}'), 'oid'), 'a')
  assert.equal(unverifiedClaim(jwtOf('{"oid":"a","exp":1}'), 'exp'), undefined)
  assert.equal(unverifiedClaim(jwtOf('{}'), 'constructor'), undefined)
})

test('a text that is not a JWT has no claims', () => {
  for (const text of ['', 'opaque', 'a.b.c', jwtOf('null'), jwtOf('"text"'), jwtOf('{')])
    assert.deepEqual(unverifiedClaims(text), {}, text)
})
