/** The tables of the registry. Instants are milliseconds since the epoch, truth values 0 and 1. */
export type RegistryTables = {
  repository: RepositoryRow
  repository_tombstone: RepositoryTombstoneRow
  repository_deletions: RepositoryDeletionsRow
  deleted_repository: DeletedRepositoryRow
  deleted_manifest: DeletedManifestRow
  manifest: ManifestRow
  manifest_reference: ManifestReferenceRow
  tag: TagRow
  blob: BlobRow
  repository_blob: RepositoryBlobRow
  upload: UploadRow
  deleted_registry: DeletedRegistryRow
  deleted_tag: DeletedTagRow
  last_pull: LastPullRow
  scrub: ScrubRow
  registry_usage: RegistryUsageRow
  repository_usage: RepositoryUsageRow
  registry_blob: RegistryBlobRow
  quota: QuotaRow
}

/** ACR's four locks; 1 where the operation is allowed. */
export type LockColumns = {
  readonly delete_enabled: number
  readonly write_enabled: number
  readonly list_enabled: number
  readonly read_enabled: number
}

export type RepositoryRow = LockColumns & {
  /** Random; a repository that is deleted and made again gets another. */
  readonly id: string
  readonly rid: string
  readonly name: string
  readonly created_at_ms: number
  readonly updated_at_ms: number
  /** When its first manifest came; until then it holds uploads and blobs, and is listed nowhere. */
  readonly published_at_ms: number | null
  readonly manifest_count: number
  readonly tag_count: number
  /** Which deletion ended the last repository of this name: credentials issued before it are worth nothing here. */
  readonly predecessor_deletion: number | null
}

export type RepositoryTombstoneRow = {
  readonly rid: string
  readonly name: string
  /** The number of the deletion, by which events are ordered: a clock can be set back. */
  readonly deletion: number
  readonly deleted_at_ms: number
}

/** One row: how many repositories have been deleted. */
export type RepositoryDeletionsRow = { readonly id: number; readonly count: number }

/** A repository that is deleted and whose rows are not all deleted yet. Its row in `repository` has a name that no client can send. */
export type DeletedRepositoryRow = {
  readonly id: string
  readonly rid: string
  /** The name under which its manifests and tags can be restored; null where they cannot. */
  readonly kept_as: string | null
  readonly deleted_at_ms: number
}

/** A manifest that is deleted and whose tags and references are not all deleted yet. */
export type DeletedManifestRow = {
  readonly repository_id: string
  readonly digest: string
  /** The id of the repository from which it can be restored; null where it cannot. */
  readonly kept_in: string | null
  readonly deleted_at_ms: number
}

export type ManifestRow = LockColumns & {
  readonly repository_id: string
  /** The digest it was pushed by, of either algorithm. */
  readonly digest: string
  readonly media_type: string
  readonly size_bytes: number
  /** The manifest and all that it names, in bytes. */
  readonly image_size_bytes: number
  readonly config_media_type: string | null
  /** Of the config blob, where it says so. */
  readonly architecture: string | null
  readonly os: string | null
  /** What a list of referrers says of it. */
  readonly artifact_type: string | null
  readonly subject_digest: string | null
  /** JSON text. */
  readonly annotations: string | null
  readonly created_at_ms: number
  readonly updated_at_ms: number
  /** When it was last left by a tag, by an index that names it or by its subject; null while none ever has. */
  readonly untagged_at_ms: number | null
  /** When it was deleted, where it can be restored; such a one is in a repository of its own. */
  readonly deleted_at_ms: number | null
  /** Since when its bytes are known not to have its digest; it is unknown to clients then, until it is pushed again. */
  readonly quarantined_at_ms: number | null
  /** Last, so that a list does not read it. */
  readonly content: Uint8Array
}

export type ManifestReferenceRow = {
  readonly repository_id: string
  readonly manifest_digest: string
  readonly kind: 'blob' | 'manifest'
  /** What the manifest needs. */
  readonly digest: string
}

export type TagRow = LockColumns & {
  readonly repository_id: string
  readonly name: string
  readonly manifest_digest: string
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

export type BlobRow = {
  readonly digest: string
  readonly location: string
  readonly size_bytes: number
  readonly created_at_ms: number
  /** When its stored bytes were last found to have its digest; null where an older version wrote them. */
  readonly verified_at_ms: number | null
  /** Since when its stored bytes are known to be missing or corrupt; it is unknown to clients then, until it is pushed again. */
  readonly quarantined_at_ms: number | null
}

/** That a repository holds a blob: the only way to read one. */
export type RepositoryBlobRow = {
  readonly repository_id: string
  readonly digest: string
  readonly linked_at_ms: number
  /** Until when it stays although no manifest names it; renewed when a client is told that it is there. */
  readonly lease_until_ms: number
}

export type UploadRow = {
  readonly id: string
  readonly rid: string
  readonly repository_id: string
  readonly caller_key: string
  readonly started_at_ms: number
  readonly expires_at_ms: number
}

/** A tag that was deleted and can be restored; a name may have been deleted of several manifests. */
export type DeletedTagRow = Omit<TagRow, keyof LockColumns> & { readonly deleted_at_ms: number }

export type DeletedRegistryRow = { readonly rid: string; readonly deleted_at_ms: number }

/** When a manifest, by its digest, or a tag, by its name, was last pulled. */
export type LastPullRow = {
  readonly repository_id: string
  /** A digest holds a colon, and a tag none. */
  readonly reference: string
  readonly pulled_at_ms: number
}

/** How far the background scrub has come: one row. */
export type ScrubRow = {
  readonly id: 'background'
  /** When the scrub under way began, its step, and the place in it; null while none is. */
  readonly started_at_ms: number | null
  readonly step: string
  readonly place: string
  readonly finding_count: number
  /** When the last one ended that reached the end, and what it found. */
  readonly completed_at_ms: number | null
  readonly completed_finding_count: number
}

/** How many bytes a registry holds; the database itself keeps this and the two below. */
export type RegistryUsageRow = { readonly rid: string; readonly size_bytes: number }

export type RepositoryUsageRow = { readonly repository_id: string; readonly rid: string; readonly size_bytes: number }

/** How many repositories of a registry hold a blob. */
export type RegistryBlobRow = {
  readonly rid: string
  readonly digest: string
  readonly size_bytes: number
  readonly holder_count: number
}

/** How many bytes a repository may hold; an empty name stands for the whole registry. */
export type QuotaRow = {
  readonly rid: string
  readonly name: string
  readonly repository: string
  readonly limit_bytes: number
}
