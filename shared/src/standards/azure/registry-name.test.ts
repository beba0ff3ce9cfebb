import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRegistryName } from './registry-name.ts'

test('a registry’s name is 5 to 50 letters and digits', () => {
  // prettier-ignore
  const cases: readonly { text: string; parses: boolean; why: string }[] = [
    { text: 'contoso', parses: true, why: 'the usual one' },
    { text: 'myRegistry1', parses: true, why: 'the case is kept' },
    { text: '12345', parses: true, why: 'digits, and the shortest' },
    { text: 'a'.repeat(50), parses: true, why: 'the longest' },
    { text: 'abcd', parses: false, why: 'too short' },
    { text: 'a'.repeat(51), parses: false, why: 'too long' },
    { text: 'my-registry', parses: false, why: 'a hyphen' },
    { text: 'contoso.azurecr.io', parses: false, why: 'a login server' },
    { text: 'contosö', parses: false, why: 'no ASCII' },
    { text: 'contoso\n', parses: false, why: 'a line end' },
    { text: '', parses: false, why: 'nothing' },
  ]
  for (const { text, parses, why } of cases) assert.equal(parseRegistryName(text), parses ? text : undefined, why)
})
