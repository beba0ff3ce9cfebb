import type { FastifyInstance } from 'fastify'
import type { Audit } from '../audit/index.ts'
import type { CallerBudgets } from '../platform/caller-budget.ts'
import type { Clock } from '../platform/clock.ts'
import type { ContentSpace } from '../platform/free-space.ts'
import type { Log } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound/outbound.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { BlobStore } from '../storage/index.ts'
import type { BlobSettings } from './blobs/blob-settings.ts'
import type { DeletionCount } from './repositories/deletion-count-store.ts'
import type { Imports, ImportSettings } from './imports/imports.ts'
import type { VerifyAudit } from './integrity/scrub-run.ts'
import type { Scrubs, ScrubSettings } from './integrity/scrubs.ts'
import type { IntegritySettings } from './integrity/blob-integrity.ts'
import type { Gate, HostedRegistry, Transfers, WhichRegistry } from './ports.ts'
import type { QuotaUse } from './quotas/quota-use-store.ts'
import type { DefaultQuotas } from './quotas/quotas.ts'
import type { RegistryQuotas } from './quotas/registry-quotas.ts'
import type { OpenUploads } from './uploads/open-uploads.ts'

export type GarbageFigures = {
  readonly runs: number
  readonly blobs: number
  readonly uploads: number
  readonly completedAtMs: number | undefined
}

/** How much a registry holds, open uploads included, and how much it may; undefined where there is no quota. */
export type RegistryUsage = { readonly sizeBytes: number; readonly limitBytes: number | undefined }

export type RegistryRoomOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly blobs: BlobStore
  readonly gate: Gate
  readonly registries: WhichRegistry
  readonly transfers?: Transfers
  /**
   * Whether an image may be pushed although its repository lacks some of its layers. What is acknowledged then need not
   * be pullable.
   */
  readonly acceptsSparseImages: boolean
  /** How long blobs and uploads last, and how many there may be; `defaultBlobSettings` where nothing is said. */
  readonly blobSettings?: Partial<BlobSettings>
  /** When stored bytes are verified; `defaultIntegritySettings` where nothing is said. */
  readonly integritySettings?: Partial<IntegritySettings>
  /** How often stored content is verified in the background; `defaultScrubSettings` where nothing is said. */
  readonly scrubSettings?: ScrubSettings
  /** Verifies the audit log, as the last step of a scrub. */
  readonly verifyAudit?: VerifyAudit
  /** The way to other registries, for imports; to public addresses alone where nothing is said. */
  readonly outbound?: Outbound
  readonly importSettings?: ImportSettings
  /** What each caller may use, over all surfaces; what is usual where nothing is said. */
  readonly callerBudgets?: CallerBudgets
  /** The space that content may take; unlimited where nothing is said. */
  readonly space?: ContentSpace
  /** The quotas of registries and repositories for which none was set; no limit where nothing is said. */
  readonly defaultQuotas?: DefaultQuotas
}

/** A registry with the policies that are carried out by time. */
export type PolicedRegistry = HostedRegistry & {
  readonly policies: {
    readonly retentionPolicy: {
      readonly status: 'enabled' | 'disabled'
      readonly days: number
      /** Since when it is enabled. */
      readonly enabledAtMs: number
    }
    readonly softDeletePolicy: { readonly retentionDays: number }
  }
}

/** The OCI and `/acr/v1` surfaces and all behind them. */
export interface RegistryRoom {
  /** Adds `/v2/*` and `/acr/v1/*`. */
  mount(app: FastifyInstance): void
  usage(rid: string): Promise<RegistryUsage>
  /** Forgets all that a registry holds, when the registry is deleted; the bytes follow with the next collection. */
  deleteContent(transaction: Transaction, rid: string): Promise<void>
  /** Deletes what the policies of a registry have come to by now, and returns how many manifests and tags that was. */
  carryOutPolicies(registry: PolicedRegistry): Promise<{ readonly untagged: number; readonly purged: number }>
  readonly imports: Imports
  readonly quotas: RegistryQuotas
  readonly uploads: OpenUploads
  /** How many repositories have been deleted so far: what was issued before a deletion is good for nothing that is made after it. */
  readonly deletions: DeletionCount
  /** Goes on, in the background, with deleting the rows of what was deleted. */
  resumeDeletions(): void
  readonly scrubs: Pick<Scrubs, 'start' | 'status' | 'figures' | 'countQuarantined' | 'continueBackground' | 'stop'>
  /** Counters since the start of the process, of content that was found to be corrupt outside a scrub or in one. */
  readonly integrityFigures: { readonly refusedReads: number; readonly quarantined: number; readonly repaired: number }
  /** Ends the imports of servers that are gone, and says so in the audit log. */
  endLostImports(): Promise<void>
  /** Reads of manifests since the start, by whether the cache had them; undefined where there is no cache. */
  readonly manifestCacheFigures: () => { readonly hits: number; readonly misses: number } | undefined
  /** What garbage collection deleted since the start, and when it was last completed. */
  readonly garbageFigures: GarbageFigures
  /** Writes when manifests and tags were pulled; to note a pull costs no write. */
  flushLastPulls(): Promise<void>
  /** Ends what works without being waited for. */
  close(): Promise<void>
  /** Ends idle uploads where the file system has no space for content; returns how many. Cheap where it has. */
  makeRoom(): Promise<number>
  /** How much of all quotas is used, for metrics. */
  quotaUse(): Promise<QuotaUse>
  /** How much is open and staged now, for metrics. */
  capacity(): { readonly openUploads: number; readonly stagedBytes: number }
  /** Deletes what nobody can reach any more, and returns how much that was. */
  collectGarbage(): Promise<{ readonly blobs: number; readonly uploads: number }>
}

export type { ImportRequest, ImportStatus } from './imports/imports.ts'
export { ImportError, type ImportFrom } from './imports/import-source.ts'
export { type StoredBlobRow, listStoredBlobs } from './blobs/stored-blob-rows.ts'
export type { Finding, ScrubProgress } from './integrity/scrub-run.ts'
export { scrubStopped } from './integrity/scrub-stopped.ts'
export type { ScrubReport } from './integrity/scrubs.ts'
export { QuotaConflictError, type QuotaUsage } from './quotas/registry-quotas.ts'
export type { OpenUploadState } from './uploads/open-uploads.ts'
export { createRegistryRoom } from './registry.ts'
export { createDeletionCount, type DeletionCount } from './repositories/deletion-count-store.ts'
export { registryMigrations } from './migrations.ts'
export { registryRoutes } from './routes.ts'
