import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argumentsOf } from './arguments.ts'

const descriptions = [
  { flags: '--listen <host:port>', description: 'an address' },
  { flags: '--seed <file>', description: 'a file', repeated: true },
  { flags: '--http', description: 'a switch' },
  { flags: '--public-host <host>', description: 'a host' },
] as const

test('options become arguments again, with one argument for each value of a repeated option', () => {
  const flags = { seed: ['a.yaml', '-b.yaml'], http: true, publicHost: 'from-request', command: ['sh'] }
  assert.deepEqual(argumentsOf(descriptions, flags), [
    '--seed=a.yaml',
    '--seed=-b.yaml',
    '--http',
    '--public-host=from-request',
  ])
})

test('an option that is not set becomes no argument', () => {
  assert.deepEqual(argumentsOf(descriptions, { command: ['sh'] }), [])
})
