/** How long things last that nobody needs yet or any more, and how much of them there may be. */
export type BlobSettings = {
  /**
   * How long a blob stays that no manifest of its repository names, counted from its push, its mount, or the last time
   * that a client was told of it; the time that a push has from its first blob to its manifest.
   */
  readonly leaseMs: number
  /** How long an upload stays to which nothing is sent. */
  readonly uploadLifetimeMs: number
  /** The largest blob. */
  readonly maxBlobBytes: number
  /** How many unfinished uploads a repository, and a caller in a registry, may have. */
  readonly maxUploadsPerRepository: number
  readonly maxUploadsPerCaller: number
  /** How often the files are compared with the rows; between two comparisons only rows are looked at. */
  readonly fileScanIntervalMs: number
}

const hourMs = 60 * 60 * 1000

/** What holds unless somebody says otherwise. The largest blob is ACR's. [Azure Container Registry service tiers] */
export const defaultBlobSettings: BlobSettings = {
  leaseMs: 24 * hourMs,
  uploadLifetimeMs: hourMs,
  maxBlobBytes: 200 * 1024 ** 3,
  maxUploadsPerRepository: 2_000,
  maxUploadsPerCaller: 5_000,
  fileScanIntervalMs: 6 * hourMs,
}
