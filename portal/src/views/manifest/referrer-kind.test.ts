import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attestedBy, kindOf } from './referrer-kind.ts'

const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:a', size: 1 }
const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json'

// prettier-ignore
const kinds = [
  ['signature',   'application/vnd.dev.cosign.artifact.sig.v1+json', {}],
  ['signature',   'application/vnd.cncf.notary.signature', {}],
  ['signature',   bundle, {}],
  ['sbom',        'application/spdx+json', {}],
  ['sbom',        bundle, { 'dev.sigstore.bundle.predicateType': 'https://cyclonedx.org/bom' }],
  ['attestation', bundle, { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' }],
  ['attestation', 'application/vnd.in-toto+json', {}],
  ['other',       'application/vnd.example.thing', {}],
] as const

test('a referrer is a signature, an SBOM or an attestation by its types', () => {
  for (const [kind, artifactType, annotations] of kinds)
    assert.equal(kindOf({ ...descriptor, artifactType, annotations }), kind, artifactType)
})

test('an entry of an index is an attestation of another entry only by its annotations', () => {
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': 'sha256:b',
  }
  assert.equal(attestedBy({ ...descriptor, annotations }), 'sha256:b')
  assert.equal(attestedBy(descriptor), undefined)
})
