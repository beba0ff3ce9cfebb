import { readShownSizes } from '../manifests/image-details-store.ts'
import { type ListedManifest, readListedChildren } from '../manifests/manifest-store.ts'
import type { AcrCall } from '../protocol/call.ts'
import type { PropertiesContext } from './context.ts'
import { imageType, platformsOf, type SizedPlatform } from './image-platforms.ts'

/** The compressed size of a manifest that a list shows, the platforms of the manifest, and the number of attestations if it is an index. */
type Expansion = {
  readonly size: number
  readonly platforms: readonly SizedPlatform[]
  readonly attestations: number
}

/** Whether the request asks for the sizes and platforms of manifests, so that a client needs only one request. */
export const isExpanded = ({ query }: AcrCall<'tags' | 'manifests' | 'manifest'>): boolean =>
  query.get('expand') === 'manifest'

/** Reads the sizes and the platforms of listed manifests. */
export async function readExpansions(
  { database }: Pick<PropertiesContext, 'database'>,
  repositoryId: string,
  rows: readonly ListedManifest[],
): Promise<(row: ListedManifest) => Expansion> {
  const indexes = rows.filter((row) => imageType(row.media_type, null) === 'index').map(({ digest }) => digest)
  const children = await readListedChildren(database, repositoryId, indexes)
  const sizes = await readShownSizes(database, repositoryId, indexes)
  return (row) => ({
    size: sizes.get(row.digest) ?? row.image_size_bytes,
    ...platformsOf(row, children.get(row.digest) ?? []),
  })
}
