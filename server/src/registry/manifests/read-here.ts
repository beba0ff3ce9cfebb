import { type Manifest, parseManifest } from '@acrux/shared/standards/oci/manifest.ts'

/**
 * A parsed manifest. `referrerAnnotations` are the annotations that a list of referrers shows, as JSON. Only a manifest with a subject has
 * them.
 */
export type ParsedManifest = Omit<Manifest, 'annotations'> & { readonly referrerAnnotations: string | null }

/** The bytes of a manifest, and the media type with which they were sent, without parameters. */
export type ManifestQuestion = { readonly bytes: Uint8Array; readonly contentType: string | undefined }

/** The parsed manifest, or the reason why the manifest is invalid. */
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
