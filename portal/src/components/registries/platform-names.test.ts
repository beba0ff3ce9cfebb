import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformNames } from './platform-names.ts'

test('a list names each platform once, and Linux by its architecture', () => {
  const platforms = [
    { os: 'linux', architecture: 'arm64' },
    { os: 'windows', architecture: 'amd64' },
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ]
  assert.equal(platformNames(platforms), 'amd64 · arm64 · windows/amd64')
  assert.equal(platformNames([]), '')
})
