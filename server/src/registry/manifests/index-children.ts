import type { Digest } from '../../standards/oci/digest.ts'
import { ManifestInvalidError, parseManifest } from '../../standards/oci/manifest.ts'

/** What an index says of a manifest that it names, as the properties of the index show it. */
export type IndexChild = { readonly digest: Digest; readonly architecture?: string; readonly os?: string }

/** How many children are remembered, of all indexes together; each takes some 300 bytes. */
const childLimit = 20_000

/**
 * Remembers what indexes name, by the digest and type of the index, which never change: to read it from the bytes of a large
 * one takes milliseconds. The oldest is forgotten first.
 */
export class IndexChildren {
  readonly #known = new Map<string, readonly IndexChild[]>()
  #children = 0

  /** What a manifest with these bytes names; nothing where it is no index. */
  of(digest: string, mediaType: string, content: Uint8Array): readonly IndexChild[] {
    const key = `${digest} ${mediaType}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const children = childrenOf(content, mediaType)
    this.#known.set(key, children)
    this.#children += children.length + 1
    for (const [oldest, forgotten] of this.#known) {
      if (this.#children <= childLimit) break
      this.#known.delete(oldest)
      this.#children -= forgotten.length + 1
    }
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
    // What an earlier version took, this one may refuse; it has children then of which nothing can be said.
    if (error instanceof ManifestInvalidError) return []
    throw error
  }
}
