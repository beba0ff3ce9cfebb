import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { Manifest } from '@acrux/shared/standards/oci/manifest.ts'
import { isNonDistributable } from '@acrux/shared/standards/oci/media-type.ts'

/** The blobs that the manifest of an image names. */
type ImageParts = Pick<Manifest, 'config' | 'layers'>

/** Whether the repository contains enough of an image for a sparse image: the configuration and at least one layer. */
export function isSparse({ config, layers }: ImageParts, held: Pick<ReadonlySet<string>, 'has'>): boolean {
  return config !== undefined && held.has(config.digest) && layers.some(({ digest }) => held.has(digest))
}

/**
 * The configuration and the layers, without duplicates. If a digest is named both as distributable and as non-distributable, it is
 * distributable.
 */
export function blobDescriptors({ config, layers }: ImageParts) {
  const blobs = new Map<Digest, { readonly digest: Digest; readonly mediaType: string; readonly size: number }>()
  for (const layer of layers) {
    const known = blobs.get(layer.digest)
    if (known === undefined || isNonDistributable(known.mediaType)) blobs.set(layer.digest, layer)
  }
  if (config !== undefined) blobs.set(config.digest, config)
  return blobs
}
