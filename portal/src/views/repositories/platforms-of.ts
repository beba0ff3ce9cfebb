import { imagesTexts } from '../../components/texts/images.ts'

type Platform = { readonly os?: string; readonly architecture?: string }

const indexTypes = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
])

/** The platform of an image, or those of an index, such as `linux/amd64, linux/arm64`. */
export function platformsOf({
  mediaType,
  references = [],
  ...image
}: Platform & { readonly mediaType: string; readonly references?: readonly Platform[] }): string {
  if (!indexTypes.has(mediaType)) return nameOf(image) ?? '–'
  const names = new Set(references.map(nameOf).filter((name) => name !== undefined))
  return names.size === 0 ? imagesTexts.index : [...names].toSorted().join(', ')
}

/** Undefined also for an attestation, whose platform is `unknown/unknown`. */
function nameOf({ os = '', architecture = '' }: Platform): string | undefined {
  const parts = [os, architecture].filter((part) => part !== '' && part !== 'unknown')
  return parts.length === 0 ? undefined : parts.join('/')
}
