import { LRUCache } from 'lru-cache'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { ManifestInvalidError, parseManifest } from '@acrux/shared/standards/oci/manifest.ts'

/** A manifest that an index names, as the properties of the index show it. */
export type IndexChild = { readonly digest: Digest; readonly architecture?: string; readonly os?: string }

/** The maximum number of cached children of all indexes together. Each child takes about 300 bytes. */
const maxChildren = 20_000

/**
 * Caches the children of indexes by the digest and media type of the index. Parsing a large index takes milliseconds.
 * The least recently used entry is evicted first.
 */
export class IndexChildren {
  readonly #known = new LRUCache<string, readonly IndexChild[]>({
    maxSize: maxChildren,
    sizeCalculation: (children) => children.length + 1,
  })

  /** Returns the children of a manifest with these bytes. Returns no children if the manifest is not an index. */
  of(digest: string, mediaType: string, content: Uint8Array): readonly IndexChild[] {
    const key = `${digest} ${mediaType}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const children = childrenOf(content, mediaType)
    this.#known.set(key, children)
    return children
  }
}

function childrenOf(content: Uint8Array, mediaType: string): readonly IndexChild[] {
  try {
    return parseManifest(content, mediaType).manifests.map(({ digest, platform }) => ({
      digest,
      ...(platform !== undefined && { architecture: platform.architecture, os: platform.os }),
    }))
  } catch (error) {
    // An earlier version may have accepted an index that this version rejects. The children of such an index are unknown.
    if (error instanceof ManifestInvalidError) return []
    throw error
  }
}
