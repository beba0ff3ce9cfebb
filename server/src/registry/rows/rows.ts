/** The tables of the registry. Instants are milliseconds since the epoch, booleans 0 and 1. */
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
  repository_pull: RepositoryPullRow
  repository_day: RepositoryDayRow
  scrub: ScrubRow
  content_report: ContentReportRow
  registry_usage: RegistryUsageRow
  repository_usage: RepositoryUsageRow
  registry_blob: RegistryBlobRow
  quota: QuotaRow
  tag_change: TagChangeRow
  attached_report: AttachedReportRow
}

/** ACR's four locks; 1 if the operation is allowed. */
export type LockColumns = {
  readonly delete_enabled: number
  readonly write_enabled: number
  readonly list_enabled: number
  readonly read_enabled: number
}

/** Who pushed something; null if an earlier version of the server stored the push. */
export type PusherColumns = {
  readonly pushed_by_kind: string | null
  readonly pushed_by_id: string | null
  /** The name at the time of the push. */
  readonly pushed_by_name: string | null
}

/**
 * The last push of a manifest or tag. An earlier version of the server, which may share the database, changes only `updated_at_ms`:
 * if the two times differ, somebody else made the last push.
 */
export type PushColumns = PusherColumns & { readonly pushed_at_ms: number | null }

/** The last push to the repository: its time, and who made it. */
export type LastPushColumns = PusherColumns & { readonly last_push_ms: number | null }

export type RepositoryRow = LockColumns &
  LastPushColumns & {
    /** Random; a repository that is deleted and created again gets another. */
    readonly id: string
    readonly rid: string
    readonly name: string
    readonly created_at_ms: number
    readonly updated_at_ms: number
    /** When its first manifest was pushed. Until then, it can have uploads and blobs, but no list contains it. */
    readonly published_at_ms: number | null
    readonly manifest_count: number
    readonly tag_count: number
    /** The number of the deletion of its predecessor of the same name: credentials issued before that are rejected. */
    readonly predecessor_deletion: number | null
    /** What people read about it; null if nobody has described it. */
    readonly description: string | null
  }

export type RepositoryTombstoneRow = {
  readonly rid: string
  readonly name: string
  /** The number of the deletion. Events are ordered by it because a clock can be set back. */
  readonly deletion: number
  readonly deleted_at_ms: number
}

/** One row: the number of repositories that have been deleted. */
export type RepositoryDeletionsRow = { readonly id: number; readonly count: number }

/** A deleted repository that still has rows. Its row in `repository` has a name that no client can send. */
export type DeletedRepositoryRow = {
  readonly id: string
  readonly rid: string
  /** The name under which its manifests and tags can be restored; null if they cannot. */
  readonly kept_as: string | null
  readonly deleted_at_ms: number
}

/** A deleted manifest that still has tags or references. */
export type DeletedManifestRow = {
  readonly repository_id: string
  readonly digest: string
  /** The id of the repository from which it can be restored; null if it cannot. */
  readonly kept_in: string | null
  readonly deleted_at_ms: number
  /** Who deleted it; null if an earlier version of the server did. */
  readonly by_kind: string | null
  readonly by_id: string | null
  readonly by_name: string | null
}

export type ManifestRow = LockColumns &
  PushColumns & {
    readonly repository_id: string
    /** The digest that it was pushed by: sha256 or sha512. */
    readonly digest: string
    readonly media_type: string
    readonly size_bytes: number
    /** The size of the manifest and everything that it names. */
    readonly image_size_bytes: number
    readonly config_media_type: string | null
    /** From the config blob, if it has them. */
    readonly architecture: string | null
    readonly os: string | null
    /** For the list of referrers. */
    readonly artifact_type: string | null
    readonly subject_digest: string | null
    /** JSON text. */
    readonly annotations: string | null
    readonly created_at_ms: number
    readonly updated_at_ms: number
    /** When it last lost a tag, an index that names it, or its subject; null if it never has. */
    readonly untagged_at_ms: number | null
    /** When it was soft-deleted; such a manifest is in a repository of its own. */
    readonly deleted_at_ms: number | null
    /** When its stored bytes were found to be corrupt. Clients do not find it until it is pushed again. */
    readonly quarantined_at_ms: number | null
    /** The columns of a push and the next one are after it: SQLite reads the content first. */
    readonly content: Uint8Array
    /** Of an index, the size of its largest platform; null for other manifests, and if an earlier version stored it. */
    readonly platform_size_bytes: number | null
  }

export type ManifestReferenceRow = {
  readonly repository_id: string
  readonly manifest_digest: string
  readonly kind: 'blob' | 'manifest'
  /** The blob or manifest that the manifest names. */
  readonly digest: string
}

export type TagRow = LockColumns &
  PushColumns & {
    readonly repository_id: string
    readonly name: string
    readonly manifest_digest: string
    readonly created_at_ms: number
    readonly updated_at_ms: number
  }

/** Why a tag points to another manifest, or to none. */
export type TagChangeCause = 'push' | 'revert' | 'delete' | 'restore' | 'import' | 'retention'

/** A change of a tag: what it points to since then. */
export type TagChangeRow = {
  readonly repository_id: string
  readonly tag: string
  /** The changes of a tag are ordered by it because a clock can be set back. 0 is the state before the first recorded change. */
  readonly number: number
  readonly changed_at_ms: number
  /** Null after a deletion. */
  readonly manifest_digest: string | null
  readonly cause: TagChangeCause
  /** Null if nobody is recorded. */
  readonly by_kind: string | null
  readonly by_id: string | null
  readonly by_name: string | null
}

/** A report that is attached to a manifest: it waits to be read, has been read, or cannot be read. */
export type AttachedReportRow = {
  readonly repository_id: string
  /** The digest of the report. */
  readonly digest: string
  /** The digest of the manifest that it is attached to, which may not exist. */
  readonly subject_digest: string
  /** 1 if it is attached by the name of a tag, and not by a subject. */
  readonly by_tag: number
  /** A report is replaced if the tag that attached it points elsewhere. */
  readonly state: 'waiting' | 'read' | 'unreadable' | 'replaced'
  /** How often a process has begun to read it. */
  readonly attempts: number
  readonly pushed_at_ms: number
  readonly caller_key: string
  readonly by_kind: string | null
  readonly by_id: string | null
  readonly by_name: string | null
  /** Null until it has been read, and if it is not a report. */
  readonly kind: 'vulnerabilities' | 'sbom' | 'provenance' | 'signature' | null
  readonly packages: number | null
  /** The numbers of vulnerabilities are null in other reports. */
  readonly critical: number | null
  readonly high: number | null
  readonly medium: number | null
  readonly low: number | null
  readonly unknown: number | null
  /** Null if the report does not say which vulnerabilities have a fixed version. */
  readonly fixable: number | null
  readonly scanner: string | null
  /** Why it cannot be read. */
  readonly reason: string | null
  /** 1 if it lists vulnerabilities, and comes from a principal whose reports count. */
  readonly counts: number
  /** 1 if its vulnerabilities are those that lists show for the manifest: the newest report that counts. */
  readonly is_summary: number
}

export type BlobRow = {
  readonly digest: string
  readonly location: string
  readonly size_bytes: number
  readonly created_at_ms: number
  /** When its stored bytes were last verified; null if an older version wrote them. */
  readonly verified_at_ms: number | null
  /** When its stored bytes were found to be missing or corrupt. Clients do not find it until it is pushed again. */
  readonly quarantined_at_ms: number | null
  /** Why it is in quarantine; null if it is not, or if an earlier version put it there. */
  readonly quarantine_reason: string | null
}

/** A repository has a blob. There is no other way to read a blob. */
export type RepositoryBlobRow = {
  readonly repository_id: string
  readonly digest: string
  readonly linked_at_ms: number
  /** Until then, the blob is not deleted, even if no manifest names it. Renewed when a client finds the blob. */
  readonly grace_until_ms: number
}

export type UploadRow = {
  readonly id: string
  readonly rid: string
  readonly repository_id: string
  readonly caller_key: string
  readonly started_at_ms: number
  readonly expires_at_ms: number
  /** The server process that writes to it or last did. Null on SQLite, which only one process uses, and before the first. */
  readonly writer: string | null
  readonly is_writing: number
  /**
   * The last writer whose version marks the locations of blobs with their upload. A process of an earlier version leaves the id
   * of another process here.
   */
  readonly marking_writer: string | null
  /** As of the end of the last request that wrote to it; 0 on SQLite. */
  readonly staged_bytes: number
  readonly changed_at_ms: number
}

/** A soft-deleted tag. A name may have been deleted from several manifests. */
export type DeletedTagRow = Omit<TagRow, keyof LockColumns | keyof PushColumns> & { readonly deleted_at_ms: number }

export type DeletedRegistryRow = { readonly rid: string; readonly deleted_at_ms: number }

/** When a manifest, by its digest, or a tag, by its name, was last pulled. */
export type LastPullRow = {
  readonly repository_id: string
  /** A digest contains a colon, a tag does not. */
  readonly reference: string
  readonly pulled_at_ms: number
}

/** The pulls of a repository in the days of `repository_day`, and the last one. */
export type RepositoryPullRow = {
  readonly repository_id: string
  readonly pulls: number
  readonly pulled_at_ms: number
}

/** The pulls of a repository on one day. */
export type RepositoryDayRow = {
  readonly repository_id: string
  /** Days since the epoch, in UTC. */
  readonly day: number
  readonly pulls: number
}

/** One row: the progress of the background scrub. */
export type ScrubRow = {
  readonly id: 'background'
  /** The start, step and position of the running scrub; null if no scrub is running. */
  readonly started_at_ms: number | null
  readonly step: string
  readonly place: string
  readonly finding_count: number
  readonly progress_permille: number
  /** When the last complete scrub ended, and how many problems it found. */
  readonly completed_at_ms: number | null
  readonly completed_finding_count: number
}

/** The reports of the last requested scrub, and of the garbage collections that began last and were completed last, of any process. */
export type ContentReportRow = {
  readonly name: 'requested-scrub' | 'running-collection' | 'collection'
  /** The process that writes it. */
  readonly process: string
  /** JSON text. */
  readonly report: string
}

/** The bytes that a registry stores. Triggers maintain this table and the next two. */
export type RegistryUsageRow = { readonly rid: string; readonly size_bytes: number }

export type RepositoryUsageRow = { readonly repository_id: string; readonly rid: string; readonly size_bytes: number }

/** The number of repositories of a registry that hold a blob. */
export type RegistryBlobRow = {
  readonly rid: string
  readonly digest: string
  readonly size_bytes: number
  readonly holder_count: number
}

/** The maximum bytes of a repository; an empty name stands for the whole registry. */
export type QuotaRow = {
  readonly rid: string
  readonly name: string
  readonly repository: string
  readonly limit_bytes: number
}
