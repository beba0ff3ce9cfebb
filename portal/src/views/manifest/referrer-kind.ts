import type { Descriptor } from '../../api/pushed-types.ts'

export type ReferrerKind = 'signature' | 'sbom' | 'attestation' | 'other'

const patterns: readonly (readonly [ReferrerKind, RegExp])[] = [
  ['sbom', /spdx|cyclonedx|syft|sbom/i],
  ['attestation', /in-toto|slsa|attestation|provenance|dsse|vuln|sarif|vex/i],
  ['signature', /signature|cosign\.artifact\.sig|sigstore\.bundle|notary/i],
]

/** What a referrer is, by its artifact type and by the annotations that sigstore writes. [sigstore, bundle spec; Notary Project] */
export function kindOf({ artifactType = '', mediaType, annotations = {} }: Descriptor): ReferrerKind {
  const predicate = annotations['dev.sigstore.bundle.predicateType'] ?? annotations['in-toto.io/predicate-type'] ?? ''
  const text = `${predicate} ${annotations['dev.sigstore.bundle.content'] ?? ''} ${artifactType || mediaType}`
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other'
}

/** Whether an entry of an index is the attestation that BuildKit adds for another entry, and for which. [BuildKit, attestation storage] */
export function attestedBy({ annotations = {} }: Descriptor): string | undefined {
  return annotations['vnd.docker.reference.type'] === 'attestation-manifest'
    ? (annotations['vnd.docker.reference.digest'] ?? '')
    : undefined
}
