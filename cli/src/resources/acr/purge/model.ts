/** A tag, with what decides whether it is purged. Times are in milliseconds since the epoch. */
export type ListedTag = {
  readonly name: string
  readonly digest: string
  readonly updatedAtMs: number
  readonly pulledAtMs: number | undefined
  readonly isLocked: boolean
}

/** A manifest, with what decides whether it is purged. */
export type ListedManifest = Omit<ListedTag, 'name'> & {
  readonly mediaType: string
  readonly tags: readonly string[]
}

/** What a manifest refers to, as digests. */
export type References = { readonly children: readonly string[]; readonly subject: string | undefined }

/** The rules of what is deleted: times in milliseconds since the epoch, and a number of tags. */
export type Rules = {
  /** Only tags and manifests that were last changed before this time. */
  readonly changedBeforeMs: number
  /** Only tags and manifests that were not pulled since this time. Undefined: pulls do not matter. */
  readonly pulledBeforeMs: number | undefined
  /** How many of the newest tags that could be deleted are kept in each repository. */
  readonly keep: number
}

/** What is deleted from a repository. */
export type Plan = {
  readonly repository: string
  readonly tags: readonly string[]
  /** Digests, in waves: what refers to a manifest is in an earlier wave. */
  readonly manifests: readonly (readonly string[])[]
  /** Tags and digests that a lock protects, or the name of the repository. */
  readonly locked: readonly string[]
}
