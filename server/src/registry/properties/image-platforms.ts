import { dockerManifestListType, ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import { sql } from 'kysely'
import { newestDigest } from '../manifests/image-details-store.ts'
import type { ListedChild, ListedManifest } from '../manifests/manifest-store.ts'

/** What a manifest is. */
export type ImageType = 'image' | 'index' | 'helm' | 'artifact'

/** What the image of the newest tag of a repository is. An index is an image, unless it has an artifact type. */
export const repositoryTypes = ['image', 'helm', 'artifact'] as const
export type RepositoryType = (typeof repositoryTypes)[number]

const indexTypes: readonly string[] = [ociImageIndexType, dockerManifestListType]
const helmConfig = 'application/vnd.cncf.helm.config.v1+json'
const imageConfigs: readonly (string | null)[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]

/** What a manifest with these types is. */
export function imageType(mediaType: string, configType: string | null): ImageType {
  if (indexTypes.includes(mediaType)) return 'index'
  if (configType === helmConfig) return 'helm'
  return imageConfigs.includes(configType) || mediaType.includes('docker.distribution') ? 'image' : 'artifact'
}

const list = (texts: readonly (string | null)[]) => sql.join(texts.map((text) => sql.lit(text)))

/** The type of the row of `repository`: null without a tag. The conditions are those of {@link imageType}. */
export const repositoryType = sql<RepositoryType | null>`(select case
  when m.media_type in (${list(indexTypes)}) then case when m.artifact_type is null then 'image' else 'artifact' end
  when m.config_media_type = ${sql.lit(helmConfig)} then 'helm'
  when m.config_media_type in (${list(imageConfigs)}) or m.media_type like '%docker.distribution%' then 'image'
  else 'artifact' end
  from manifest m where m.repository_id = repository.id and m.digest = ${newestDigest})`

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
