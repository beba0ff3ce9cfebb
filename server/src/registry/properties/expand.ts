import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { readListedChildren, readListedManifests } from '../manifests/manifest-store.ts'
import type { AcrCall } from '../protocol/call.ts'
import type { tagManifestSchema } from '../protocol/documents.ts'
import type { PropertiesContext } from './context.ts'

type TagManifest = DocumentOf<typeof tagManifestSchema>

/**
 * Reads the manifests of listed tags if the request asks for them by `expand=manifest`, and returns the member `manifest` of a
 * tag by its digest. So a list of tags with sizes and platforms is one request.
 */
export async function readExpanded(
  { database }: Pick<PropertiesContext, 'database'>,
  { query }: AcrCall<'tags'>,
  repositoryId: string,
  digests: readonly string[],
): Promise<(digest: string) => { readonly manifest?: TagManifest }> {
  if (query.get('expand') !== 'manifest') return () => ({})
  const rows = await readListedManifests(database, repositoryId, [...new Set(digests)])
  const children = await readListedChildren(database, repositoryId, [...rows.keys()])
  return (digest) => {
    const row = rows.get(digest)
    if (row === undefined) return {}
    const references = (children.get(digest) ?? []).map((child) => ({ digest: child.digest, ...platformOf(child) }))
    return {
      manifest: {
        mediaType: row.media_type,
        imageSize: row.image_size_bytes,
        ...platformOf(row),
        ...(references.length > 0 && { references }),
      },
    }
  }
}

function platformOf({ architecture, os }: { readonly architecture: string | null; readonly os: string | null }) {
  return { ...(architecture !== null && { architecture }), ...(os !== null && { os }) }
}
