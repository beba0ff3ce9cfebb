import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { requireServer } from './select-server.ts'

test('a server is a host, a host with a port, or an HTTPS URL without a path', () => {
  for (const text of [
    'registry.example.com:8443',
    'https://registry.example.com:8443',
    'HTTPS://registry.example.com:8443/',
  ])
    assert.equal(requireServer(text).origin, 'https://registry.example.com:8443', text)
  for (const text of [
    '',
    'http://registry.example.com',
    'https://ada@registry.example.com',
    'registry.example.com/path',
    '..',
  ])
    assert.throws(() => requireServer(text), WrongUsageError, text)
})
