import type { ManifestProperties } from '../../api/registry-types.ts'
import { imagesTexts } from '../../texts/images.ts'

const indexTypes = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
])

/** The platform of an image, or that it has several. */
export function platformOf({ os, architecture, mediaType }: ManifestProperties): string {
  if (indexTypes.has(mediaType)) return imagesTexts.index
  const parts = [os, architecture].filter((part) => part !== undefined && part !== '')
  return parts.length === 0 ? '–' : parts.join('/')
}
