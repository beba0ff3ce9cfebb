import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachedKind, countAttached } from './attached-kind.ts'

test('artifact types of common tools have their kind', () => {
  const cases = {
    'application/vnd.cncf.notary.signature': 'signatures',
    'application/vnd.dev.cosign.artifact.sig.v1+json': 'signatures',
    'application/vnd.dev.cosign.simplesigning.v1+json': 'signatures',
    'application/vnd.dev.sigstore.bundle.v0.3+json': 'signatures',
    'application/spdx+json': 'sboms',
    'application/vnd.cyclonedx+json': 'sboms',
    'application/vnd.syft+json': 'sboms',
    'application/vnd.dev.cosign.artifact.sbom.v1+json': 'sboms',
    'application/vnd.in-toto+json': 'provenance',
    'application/vnd.dev.cosign.artifact.att.v1+json': 'provenance',
    'application/sarif+json': 'reports',
    'application/vnd.security.vulnerability.report': 'reports',
    'application/vnd.example.notes': undefined,
    'application/vnd.oci.image.config.v1+json': undefined,
    '': undefined,
  }
  for (const [type, kind] of Object.entries(cases)) assert.equal(attachedKind(type), kind, type)
})

test('artifacts are counted by their types, and by the tags of cosign', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const names = new Set([`sha256-${'a'.repeat(64)}.sig`, `sha256-${'b'.repeat(64)}.att`])
  const types = ['application/spdx+json', 'application/spdx+json', 'application/other']
  const counts = { signatures: 1, sboms: 2, provenance: 1, reports: 0 }
  assert.deepEqual(countAttached(digest, { types, names, attestations: 1 }), counts)
})
