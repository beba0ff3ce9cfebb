import { type Manifest, parseManifest } from '@acrux/shared/standards/oci/manifest.ts'

/**
 * A parsed manifest. `referrerAnnotations` is JSON, and only set for a manifest with a subject, whose annotations are
 * listed.
 */
export type ParsedManifest = Omit<Manifest, 'annotations'> & { readonly referrerAnnotations: string | null }

/** The bytes of a manifest and the bare media type that they were sent as. */
export type ManifestQuestion = { readonly bytes: Uint8Array; readonly contentType: string | undefined }

/** The parsed manifest, or why it is invalid. */
export type ManifestAnswer = { readonly usedMs: number } & (
  { readonly manifest: ParsedManifest } | { readonly invalid: string }
)

/**
 * Parses a manifest on the calling thread.
 *
 * @throws ManifestInvalidError
 */
export function readHere({ bytes, contentType }: ManifestQuestion): ParsedManifest {
  const { annotations, ...manifest } = parseManifest(bytes, contentType)
  const isListed = manifest.subject !== undefined && Object.keys(annotations).length > 0
  return { ...manifest, referrerAnnotations: isListed ? JSON.stringify(annotations) : null }
}
