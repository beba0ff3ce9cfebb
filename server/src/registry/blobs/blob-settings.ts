/** Lifetimes and limits of blobs and uploads. */
export type BlobSettings = {
  /**
   * How long a blob is kept that no manifest of its repository names, from its push, its mount, or the last time a
   * client found it. A push has this time from its first blob to its manifest.
   */
  readonly gracePeriodMs: number
  /** The time after which an idle upload expires. */
  readonly uploadLifetimeMs: number
  /** The maximum size of a blob. */
  readonly maxBlobBytes: number
  /** The maximum number of unfinished uploads of a repository, and of a caller in a registry. */
  readonly maxUploadsPerRepository: number
  readonly maxUploadsPerCaller: number
  /** How often the garbage collection compares files with rows; other collections look only at rows. */
  readonly fileScanIntervalMs: number
  /** Whether a blob is read at the store's own URL, if the store has one. */
  readonly redirectsReads: boolean
}

const hourMs = 60 * 60 * 1000

/** The defaults. The maximum size of a blob is that of ACR. [Azure Container Registry service tiers] */
export const defaultBlobSettings: BlobSettings = {
  gracePeriodMs: 24 * hourMs,
  uploadLifetimeMs: hourMs,
  maxBlobBytes: 200 * 1024 ** 3,
  maxUploadsPerRepository: 2_000,
  maxUploadsPerCaller: 5_000,
  fileScanIntervalMs: 6 * hourMs,
  redirectsReads: false,
}
