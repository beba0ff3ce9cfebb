import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformNames, sizedPlatforms } from './platform-names.ts'

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

test('several platforms have their sizes, and a single platform only its name', () => {
  const arm = { os: 'linux', architecture: 'arm64', size: 61 * 1024 * 1024 }
  const windows = { os: 'windows', architecture: 'amd64', size: 1536 }
  assert.equal(sizedPlatforms([windows, arm]), 'arm64 61 MiB · windows/amd64 1.5 KiB')
  assert.equal(sizedPlatforms([arm]), 'arm64')
  assert.equal(sizedPlatforms([]), '')
})
