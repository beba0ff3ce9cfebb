import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { Manifest } from '@acrux/shared/standards/oci/manifest.ts'
import { attachedKind } from './attached-kind.ts'

/**
 * The manifest to which a pushed manifest is attached. `byTag` is true if the name of a tag attaches it, as cosign does without referrers.
 */
export type Attachment = { readonly subject: string; readonly byTag: boolean }

/** The tag by which cosign attaches attestations or a bill of materials to a digest. [cosign, SIGNATURE_SPEC] */
const cosignTag = /^sha256-([0-9a-f]{64})\.(?:att|sbom)$/

/** The digest to which cosign attaches a manifest with this tag. Returns undefined for a tag that is not from cosign. */
export function subjectOfTag(tag: string): string | undefined {
  const hex = cosignTag.exec(tag)?.[1]
  return hex === undefined ? undefined : `sha256:${hex}`
}

/** Returns the manifest to which a pushed manifest is attached, if the pushed manifest may be a report. Otherwise returns undefined. */
export function findAttachment(
  { subject, artifactType, config, layers }: Pick<Manifest, 'subject' | 'artifactType' | 'config' | 'layers'>,
  tags: readonly string[],
): Attachment | undefined {
  if (subject === undefined) {
    const [named] = tags.flatMap((tag) => subjectOfTag(tag) ?? [])
    return named === undefined ? undefined : { subject: named, byTag: true }
  }
  const types = [artifactType, config?.mediaType, ...layers.map(({ mediaType }) => mediaType)]
  const mayBeReport = types.some(isReportType) || layers.some(({ mediaType }) => /dsse|\bjson$/.test(mediaType))
  return mayBeReport ? { subject: subject.digest, byTag: false } : undefined
}

/** Whether a type is the type of a report or statement. If the server cannot read a document of such a type, the report is defective. */
export function isReportType(type: string | undefined): boolean {
  return type !== undefined && attachedKind(type) !== undefined
}

/** The maximum number of blobs of a report, and the maximum size of all blobs of a report. */
const maxBlobs = 50
export const maxReportBytes = 10 * 1024 * 1024

/** The blobs of a report that the server reads, or the reason why the server does not read the report. */
export function reportBlobs({ layers }: Pick<Manifest, 'layers'>): readonly Digest[] | { readonly unreadable: string } {
  const bytes = layers.reduce((sum, { size }) => sum + size, 0)
  if (bytes > maxReportBytes) return { unreadable: 'The report is larger than 10 MiB.' }
  if (layers.length > maxBlobs) return { unreadable: `The report has more than ${maxBlobs} files.` }
  if (layers.length === 0) return { unreadable: 'The report has no file.' }
  return layers.map(({ digest }) => digest)
}
