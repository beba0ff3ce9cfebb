/** A tag, with the properties that decide whether the tag is purged. Times are in milliseconds since the epoch. */
export type ListedTag = {
  readonly name: string
  readonly digest: string
  readonly updatedAtMs: number
  readonly pulledAtMs: number | undefined
  readonly isLocked: boolean
}

/** A manifest, with the properties that decide whether the manifest is purged. */
export type ListedManifest = Omit<ListedTag, 'name'> & {
  readonly mediaType: string
  readonly tags: readonly string[]
}

/** The digests to which the manifest refers. */
export type References = { readonly children: readonly string[]; readonly subject: string | undefined }

/** The rules that select the deleted content. Times are in milliseconds since the epoch. */
export type Rules = {
  /** Only tags and manifests that were last changed before this time. */
  readonly changedBeforeMs: number
  /** Only tags and manifests that were not pulled since this time. Undefined if pulls do not matter. */
  readonly pulledBeforeMs: number | undefined
  /** How many of the newest tags that could be deleted are kept in each repository. */
  readonly keep: number
}

/** The content to delete from a repository. */
export type Plan = {
  readonly repository: string
  readonly tags: readonly string[]
  /** Digests, in waves. A manifest is in a later wave than the manifests that refer to it. */
  readonly manifests: readonly (readonly string[])[]
  /** Tags and digests that a lock protects, or the name of the repository. */
  readonly locked: readonly string[]
}
