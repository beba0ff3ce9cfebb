import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseImageConfig, parseManifest, platformName } from './parse-manifest.ts'
import { attestedBy, kindOf } from './referrer-kind.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('a manifest has the parts of its types, and nothing of any other type', () => {
  const { layers, config, annotations, manifests } = parseManifest(
    JSON.stringify({
      config: { mediaType: 'c', digest, size: 'large' },
      layers: [{ digest, size: 3 }, 'text', { size: 4 }, null],
      manifests: { not: 'a list' },
      annotations: { a: 'b', number: 1, object: {} },
    }),
  )
  assert.equal(config?.size, 0)
  assert.deepEqual(
    layers.map(({ size }) => size),
    [3],
  )
  assert.deepEqual(manifests, [])
  assert.deepEqual(annotations, [['a', 'b']])
})

test('a text that is no manifest is an empty one', () => {
  for (const text of ['', '<html>', 'null', '[]', '"text"', '7']) {
    assert.deepEqual([parseManifest(text).layers, parseImageConfig(text).history], [[], []], text)
  }
})

test('a manifest with very many layers is cut', () => {
  const layers = Array.from({ length: 1000 }, () => ({ digest, size: 1 }))
  assert.equal(parseManifest(JSON.stringify({ layers })).layers.length, 500)
})

test('a configuration shows what it says about the image', () => {
  const config = parseImageConfig(
    JSON.stringify({
      os: 'linux',
      architecture: 'arm64',
      config: { Cmd: ['sh', 1], Labels: { a: 'b' }, ExposedPorts: { '80/tcp': {} } },
      history: [{ created_by: 'RUN x', empty_layer: true }, 'text'],
    }),
  )
  assert.equal(config.platform, 'linux/arm64')
  assert.deepEqual([config.command, config.labels, config.ports], [['sh'], [['a', 'b']], ['80/tcp']])
  assert.deepEqual(config.history[0], { created: '', by: 'RUN x', isEmpty: true })
  assert.equal(platformName('linux', '', undefined), 'linux')
  assert.equal(platformName(), undefined)
})

test('a referrer is a signature, an SBOM or an attestation by its type or predicate', () => {
  const kind = (artifactType: string, annotations: Record<string, string> = {}) =>
    kindOf({ digest, size: 1, mediaType: 'x', artifactType, annotations, platform: {} })
  assert.equal(kind('application/vnd.cncf.notary.signature'), 'signature')
  assert.equal(kind('application/spdx+json'), 'sbom')
  assert.equal(kind('application/vnd.in-toto+json'), 'attestation')
  const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json'
  assert.equal(kind(bundle), 'signature')
  assert.equal(kind(bundle, { 'dev.sigstore.bundle.predicateType': 'https://spdx.dev/Document' }), 'sbom')
  assert.equal(kind(bundle, { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' }), 'attestation')
  assert.equal(kind('text/html'), 'other')
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': digest }
  assert.equal(attestedBy({ digest, annotations } as unknown as Parameters<typeof attestedBy>[0]), digest)
})
