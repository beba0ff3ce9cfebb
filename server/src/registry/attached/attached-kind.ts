/** How many artifacts of each kind are attached to an image. */
export type Attached = {
  readonly signatures: number
  readonly sboms: number
  readonly provenance: number
  readonly reports: number
}

/** The kinds of attached artifacts. */
export type AttachedKind = keyof Attached

/** The kinds of artifact types. The first match decides. */
const kinds: readonly (readonly [pattern: RegExp, kind: AttachedKind])[] = [
  [/sarif|vulnerabilit|trivy|openvex|\bvex\b/, 'reports'],
  [/spdx|cyclonedx|syft|\.sbom\b|\bsbom\b/, 'sboms'],
  [/in-toto|intoto|slsa|provenance|cosign\.artifact\.att\b/, 'provenance'],
  [/notary\.signature|cosign.*\bsig\b|cosign\.simplesigning|sigstore\.bundle/, 'signatures'],
]

/** The kind of an artifact by its type; undefined for others. */
export function attachedKind(artifactType: string): AttachedKind | undefined {
  const type = artifactType.toLowerCase()
  return kinds.find(([pattern]) => pattern.test(type))?.[1]
}

/** The suffixes of the tags by which cosign attaches artifacts. [cosign, SIGNATURE_SPEC] */
const tagKinds = { sig: 'signatures', att: 'provenance', sbom: 'sboms' } as const

/** The names of the tags by which cosign attaches artifacts to a digest, with the kinds of the artifacts. */
export function cosignTags(digest: string): { readonly name: string; readonly kind: AttachedKind }[] {
  return Object.entries(tagKinds).map(([suffix, kind]) => ({ name: `${digest.replace(':', '-')}.${suffix}`, kind }))
}

/** Counts artifacts by kind: by their types, by cosign's tags, and attestations within an index. */
export function countAttached(
  digest: string,
  {
    types,
    names,
    attestations,
  }: {
    readonly types: readonly string[]
    readonly names: ReadonlySet<string>
    readonly attestations: number
  },
): Attached {
  const counts = { signatures: 0, sboms: 0, provenance: attestations, reports: 0 }
  for (const type of types) {
    const kind = attachedKind(type)
    if (kind !== undefined) counts[kind] += 1
  }
  for (const { name, kind } of cosignTags(digest)) if (names.has(name)) counts[kind] += 1
  return counts
}
