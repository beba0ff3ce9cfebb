import type { Digest } from '../../standards/oci/digest.ts'
import type { Manifest } from '../../standards/oci/manifest.ts'
import { isNonDistributable } from '../../standards/oci/media-type.ts'

/** What a manifest names of an image. */
type ImageParts = Pick<Manifest, 'config' | 'layers'>

/** Whether the repository holds enough of an image to call it one that lacks some layers: its config, and some layer. */
export function isSparse({ config, layers }: ImageParts, held: Pick<ReadonlySet<string>, 'has'>): boolean {
  return config !== undefined && held.has(config.digest) && layers.some(({ digest }) => held.has(digest))
}

/** Config and layers, each once. A digest that is named as distributable content anywhere counts as that. */
export function blobDescriptors({ config, layers }: ImageParts) {
  const blobs = new Map<Digest, { readonly digest: Digest; readonly mediaType: string; readonly size: number }>()
  for (const layer of layers) {
    const known = blobs.get(layer.digest)
    if (known === undefined || isNonDistributable(known.mediaType)) blobs.set(layer.digest, layer)
  }
  if (config !== undefined) blobs.set(config.digest, config)
  return blobs
}
