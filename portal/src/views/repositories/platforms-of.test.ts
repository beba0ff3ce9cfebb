import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformsOf } from './platforms-of.ts'

const image = 'application/vnd.oci.image.manifest.v1+json'
const index = 'application/vnd.oci.image.index.v1+json'

test('an image has its platform, and an index those of its images without attestations', () => {
  assert.equal(platformsOf({ mediaType: image, os: 'linux', architecture: 'arm64' }), 'linux/arm64')
  assert.equal(platformsOf({ mediaType: image }), '–')
  assert.equal(platformsOf({ mediaType: index }), 'Several platforms')
  const references = [
    { os: 'linux', architecture: 'arm64' },
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'amd64' },
    { os: 'unknown', architecture: 'unknown' },
    {},
  ]
  assert.equal(platformsOf({ mediaType: index, references }), 'linux/amd64, linux/arm64')
})
