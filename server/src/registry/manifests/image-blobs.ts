import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { Manifest } from '@acrux/shared/standards/oci/manifest.ts'
import { isNonDistributable } from '@acrux/shared/standards/oci/media-type.ts'

/** The blobs of an image, as its manifest names them. */
type ImageParts = Pick<Manifest, 'config' | 'layers'>

/** Whether the repository holds enough of an image to call it sparse: its config, and some layer. */
export function isSparse({ config, layers }: ImageParts, held: Pick<ReadonlySet<string>, 'has'>): boolean {
  return config !== undefined && held.has(config.digest) && layers.some(({ digest }) => held.has(digest))
}

/**
 * The config and the layers, without duplicates. A digest that is named both as distributable and as non-distributable
 * is distributable.
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
