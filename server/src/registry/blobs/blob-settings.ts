/** Lifetimes and limits of blobs and uploads. */
export type BlobSettings = {
  /**
   * The time for which the server keeps a blob that no manifest of its repository names. The time begins with the push, the mount, or the
   * last request that found the blob. A client must push the manifest within this time after the first blob.
   */
  readonly gracePeriodMs: number
  /** The time after which an idle upload expires. */
  readonly uploadLifetimeMs: number
  /** The maximum size of a blob. */
  readonly maxBlobBytes: number
  /** The maximum number of unfinished uploads of a repository. The same maximum applies to a caller in a registry. */
  readonly maxUploadsPerRepository: number
  readonly maxUploadsPerCaller: number
  /** How often the garbage collection compares files with rows. The other garbage collections read only rows. */
  readonly fileScanIntervalMs: number
  /** Whether clients read a blob at a URL of the store, if the store has such URLs. */
  readonly redirectsReads: boolean
}

const hourMs = 60 * 60 * 1000

/** The defaults. The maximum size of a blob is the same as in ACR. [Azure Container Registry service tiers] */
export const defaultBlobSettings: BlobSettings = {
  gracePeriodMs: 24 * hourMs,
  uploadLifetimeMs: hourMs,
  maxBlobBytes: 200 * 1024 ** 3,
  maxUploadsPerRepository: 2_000,
  maxUploadsPerCaller: 5_000,
  fileScanIntervalMs: 6 * hourMs,
  redirectsReads: false,
}
