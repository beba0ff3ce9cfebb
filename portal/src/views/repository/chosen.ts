import type { ChangeableAttributes } from '../../api/content-types.ts'
import type { ImageRow } from '../../api/images.ts'
import type { TagProperties } from '../../api/content-types.ts'
import { shortDigest } from '../../components/texts/format.ts'

/** An image or a tag that an action is about. */
export type Chosen = {
  /** The tag that names it, or the beginning of the digest. */
  readonly name: string
  /** What a client pulls it by: a tag or a digest. */
  readonly reference: string
  readonly digest: string
  /** The known tags: of an image at most 20, of a tag itself. */
  readonly tags: readonly string[]
  readonly tagCount: number
  readonly sizeBytes: number
  readonly pulledAt: string | undefined
  readonly locks: ChangeableAttributes
}

/** An image as what an action is about. */
export function chosenImage({ digest, tags, tagCount, size, lastPullTime, locked }: ImageRow): Chosen {
  const [newest] = tags
  return {
    name: newest?.name ?? shortDigest(digest),
    reference: newest?.name ?? digest,
    digest,
    tags: tags.map(({ name }) => name),
    tagCount,
    sizeBytes: size,
    pulledAt: lastPullTime,
    locks: locked,
  }
}

/** A tag as what an action is about. */
export function chosenTag({ name, digest, manifest, lastPullTime, changeableAttributes }: TagProperties): Chosen {
  return {
    name,
    reference: name,
    digest,
    tags: [name],
    tagCount: 1,
    sizeBytes: manifest?.size ?? 0,
    pulledAt: lastPullTime,
    locks: changeableAttributes,
  }
}
