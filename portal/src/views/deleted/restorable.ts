import type { DeletedManifest, DeletedTag } from '../../api/content-types.ts'

/** A deleted tag with its manifest, or a deleted manifest without a tag. */
export type Restorable = {
  readonly key: string
  readonly tag: string | undefined
  readonly digest: string
  readonly sizeBytes: number | undefined
  readonly deletedAt: string
}

/** One row for each deleted tag, and one for each deleted manifest that has none; the last deleted first. */
export function restorableOf(
  manifests: readonly DeletedManifest[],
  tags: readonly DeletedTag[],
): readonly Restorable[] {
  const sizes = new Map(manifests.map(({ digest, imageSize }) => [digest, imageSize]))
  const tagged = new Set(tags.map(({ digest }) => digest))
  const ofTags = tags.map(({ tag, digest, deletedAt }) => ({
    key: `${tag} ${digest} ${deletedAt}`,
    tag,
    digest,
    // The manifest of a removed tag may still be there.
    sizeBytes: sizes.get(digest),
    deletedAt,
  }))
  const ofManifests = manifests
    .filter(({ digest }) => !tagged.has(digest))
    .map(({ digest, imageSize, deletedAt }) => ({
      key: digest,
      tag: undefined,
      digest,
      sizeBytes: imageSize,
      deletedAt,
    }))
  return [...ofTags, ...ofManifests].toSorted((one, other) => (one.deletedAt < other.deletedAt ? 1 : -1))
}
