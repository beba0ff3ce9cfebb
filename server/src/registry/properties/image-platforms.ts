import { dockerManifestListType, ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import type { ListedChild, ListedManifest } from '../manifests/manifest-store.ts'

/** What a manifest is. */
export type ImageType = 'image' | 'index' | 'helm' | 'artifact'

const imageConfigs: ReadonlySet<string | null> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

/** What a manifest with these types is. */
export function imageType(mediaType: string, configType: string | null): ImageType {
  if (mediaType === ociImageIndexType || mediaType === dockerManifestListType) return 'index'
  if (configType === 'application/vnd.cncf.helm.config.v1+json') return 'helm'
  return imageConfigs.has(configType) || mediaType.includes('docker.distribution') ? 'image' : 'artifact'
}

/** A platform of an image, with the compressed size of its manifest and layers. */
export type SizedPlatform = {
  readonly os: string
  readonly architecture: string
  readonly digest: string
  readonly size: number
}

/** BuildKit stores attestations in an index as manifests of this platform. [BuildKit, attestation storage] */
const noPlatform = 'unknown'

/** The platforms of an image or of the children of an index, and how many children are attestations. */
export function platformsOf(
  row: Pick<ListedManifest, 'digest' | 'architecture' | 'os' | 'image_size_bytes'>,
  children: readonly ListedChild[],
): { readonly platforms: SizedPlatform[]; readonly attestations: number } {
  const sized = [row, ...children].flatMap(({ digest, architecture, os, image_size_bytes: size }) =>
    architecture === null || os === null ? [] : [{ os, architecture, digest, size }],
  )
  const platforms = sized.filter(({ os }) => os !== noPlatform)
  return { platforms, attestations: sized.length - platforms.length }
}
