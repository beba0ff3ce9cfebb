import { type Manifest, parseManifest } from '../../standards/oci/manifest.ts'

/** A manifest as it is stored. Only manifests with a subject are listed with their annotations, which are JSON here. */
export type ParsedManifest = Omit<Manifest, 'annotations'> & { readonly referrerAnnotations: string | null }

/** The bytes of a manifest and the bare media type that they were sent as. */
export type ManifestQuestion = { readonly bytes: Uint8Array; readonly contentType: string | undefined }

/** What a thread read, or why it is not a manifest. */
export type ManifestAnswer = { readonly usedMs: number } & (
  { readonly manifest: ParsedManifest } | { readonly invalid: string }
)

/**
 * Reads a manifest on the calling thread.
 *
 * @throws ManifestInvalidError
 */
export function readHere({ bytes, contentType }: ManifestQuestion): ParsedManifest {
  const { annotations, ...manifest } = parseManifest(bytes, contentType)
  const isListed = manifest.subject !== undefined && Object.keys(annotations).length > 0
  return { ...manifest, referrerAnnotations: isListed ? JSON.stringify(annotations) : null }
}
