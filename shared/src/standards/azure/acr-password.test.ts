import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { acrPassword, acrPasswordRandomBytes } from './acr-password.ts'

test('a password of a registry has the 52 characters that secret scanners recognise', () => {
  const passwords = Array.from({ length: 400 }, () => acrPassword(randomBytes(acrPasswordRandomBytes)))
  assert.equal(new Set(passwords).size, passwords.length)
  for (const password of passwords) {
    assert.match(password, /^[A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9+/]{5}$/)
    assert.equal(password.length, 52)
  }
  assert.deepEqual([...new Set(passwords.map((password) => password.charAt(46)))].sort(), ['A', 'B', 'C', 'D'])
})

test('a password of a registry needs enough random bytes', () => {
  assert.throws(() => acrPassword(randomBytes(36)), RangeError)
})
