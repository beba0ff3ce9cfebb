import type { FastifyInstance } from 'fastify'
import { CallerBudgets } from '../platform/limits/caller-budget.ts'
import { onlyProcess } from '../platform/jobs/processes.ts'
import type { Transaction } from '../platform/sql/database.ts'
import { createContent, type RegistryContent } from './content.ts'
import { type ContextOptions, createContext, type RegistryContext } from './context.ts'
import type { Collected } from './garbage/collection.ts'
import { Collections, type Preparation } from './garbage/collections.ts'
import { pruneTombstones } from './garbage/tombstone-store.ts'
import { createHandlers } from './handlers.ts'
import { AttachedReports } from './manifests/attached-reports.ts'
import type { RecordedPulls } from './manifests/last-pulls.ts'
import { type QuotaUse, readQuotaUse } from './quotas/quota-use-store.ts'
import { noQuotas } from './quotas/quotas.ts'
import { createRegistryQuotas, type RegistryQuotas } from './quotas/registry-quotas.ts'
import { deleteQuotasOf, wholeRegistry } from './quotas/quota-store.ts'
import { type ContentQuestion, type ContentSearch, searchContent } from './repositories/content-search-store.ts'
import { createDeletionCount, type DeletionCount } from './repositories/deletion-count-store.ts'
import { expirePulls } from './repositories/pull-days-store.ts'
import { pruneTagChanges, tagChangeLifetimeMs } from './repositories/tag-change-store.ts'
import { deleteRegistryContent } from './repositories/repository-store.ts'
import { applyPolicies } from './retention/apply-policies.ts'
import type { PolicedRegistry } from './retention/model.ts'
import type { VerifyAudit } from './scrub/scrub-run.ts'
import { defaultScrubSettings, type ScrubSettings, Scrubs } from './scrub/scrubs.ts'
import { mountSurface } from './surface.ts'
import type { Gate, Transfers, WhichRegistry } from './protocol/ports.ts'
import { createOpenUploads, type OpenUploads } from './uploads/open-uploads.ts'

/** The results of garbage collection since the start of the process. */
export type GarbageFigures = {
  readonly runs: number
  readonly blobs: number
  readonly uploads: number
}

/** The bytes that a registry holds, open uploads included, and its quota; undefined if there is no quota. */
export type RegistryUsage = { readonly sizeBytes: number; readonly limitBytes: number | undefined }

export type RegistryOptions = ContextOptions & {
  readonly gate: Gate
  readonly registries: WhichRegistry
  readonly transfers?: Transfers
  /** How often stored content is verified in the background. Default: `defaultScrubSettings`. */
  readonly scrubSettings?: ScrubSettings
  /** Verifies the audit log, as the last step of a scrub. */
  readonly verifyAudit?: VerifyAudit
  /** The ids of the principals whose attached reports count. Default: anyone who may push. */
  readonly reportsCountFrom?: readonly string[]
  /** The budget of each caller, shared by all surfaces. Default: budgets of its own. */
  readonly callerBudgets?: CallerBudgets
}

/** The content of all registries: the surfaces `/v2` and `/acr/v1`, and the jobs that maintain the content. */
export interface Registry {
  /** Adds `/v2/*` and `/acr/v1/*`. */
  mount(app: FastifyInstance): void
  /** The content of repositories, for other modules. */
  readonly content: RegistryContent
  usage(rid: string): Promise<RegistryUsage>
  /** Deletes the content of a registry that is being deleted; its bytes are deleted by the next collection. */
  deleteContent(transaction: Transaction, rid: string): Promise<void>
  /** Applies the retention and soft-delete policies, and returns how many manifests and tags that deleted. */
  applyPolicies(registry: PolicedRegistry): Promise<{ readonly untagged: number; readonly purged: number }>
  readonly quotas: RegistryQuotas
  readonly uploads: OpenUploads
  /** Searches repositories, tags and manifests, of those that the caller may read. */
  search(question: ContentQuestion): Promise<ContentSearch>
  /** How many repositories have been deleted so far; see `RegistryCaller.deletionsSeen`. */
  readonly deletions: DeletionCount
  /** Continues, in the background, to delete the rows of deleted content. */
  resumeDeletions(): void
  readonly scrubs: Pick<Scrubs, 'start' | 'status' | 'figures' | 'countQuarantined' | 'continueBackground' | 'stop'>
  /** Corrupt content since the start of the process, found by requests and by scrubs. */
  readonly integrityFigures: { readonly deniedReads: number; readonly quarantined: number; readonly repaired: number }
  /** Cache hits and misses of manifest reads since the start; undefined if there is no cache. */
  readonly manifestCacheFigures: () => { readonly hits: number; readonly misses: number }
  readonly garbageFigures: GarbageFigures
  readonly collections: Pick<Collections, 'start' | 'status' | 'stop'>
  /** Writes the last pull times of manifests and tags, which are collected in memory. */
  flushLastPulls(): Promise<void>
  /** Adds last pull times that another thread collected. */
  addPulls(recorded: RecordedPulls): void
  /** Reads attached reports that were pushed. */
  readReports(): Promise<void>
  /** Deletes the pulls of days that are no longer kept. */
  expirePulls(): Promise<void>
  /** Stops the background work. */
  close(): Promise<void>
  /** Ends idle uploads if the file system has no space for content; returns how many. Cheap where it has. */
  reclaimSpace(): Promise<number>
  /** How much of all quotas is used, for metrics. */
  quotaUse(): Promise<QuotaUse>
  /** Open uploads and their bytes, for metrics. */
  capacity(): { readonly openUploads: number; readonly stagedBytes: number }
  /** Deletes content that is no longer reachable, and returns how much. Nothing, if another process does so. */
  collectGarbage(prepare?: Preparation): Promise<Readonly<Collected>>
}

/** Longer than the lifetime of any credential: until then, a tombstone rejects credentials from before the deletion. */
const tombstoneLifetimeMs = 24 * 60 * 60 * 1000

/** Opens the registry. */
export function createRegistry(options: RegistryOptions): Registry {
  const { database, clock, callerBudgets = new CallerBudgets(), scrubSettings = defaultScrubSettings } = options
  const context = createContext(options)
  const { verifyAudit, processes = onlyProcess() } = options
  const collections = new Collections(context, { processes, log: context.log, pruneRows: () => pruneRows(context) })
  const reports = new AttachedReports(context, options.reportsCountFrom ?? [])
  const scrubs = new Scrubs(context, { settings: scrubSettings, verifyAudit, processes })
  return {
    mount: (app) => mountSurface(app, { ...options, budgets: callerBudgets, handlers: createHandlers(context) }),
    content: createContent(context),
    usage: (rid) => usageOf(context, rid),
    deleteContent: async (transaction, rid) => {
      await deleteQuotasOf(transaction, rid)
      await deleteRegistryContent(transaction, rid, clock.now())
    },
    applyPolicies: (registry) => applyPolicies(context, registry),
    search: (question) => searchContent(database, question),
    deletions: createDeletionCount(database),
    resumeDeletions: () => context.sweeper.begin(),
    manifestCacheFigures: () => context.manifestCache.reads,
    garbageFigures: collections.figures,
    collections,
    flushLastPulls: () => context.lastPulls.flush(),
    addPulls: (recorded) => context.lastPulls.add(recorded),
    readReports: () => reports.readWaiting(),
    expirePulls: () => expirePulls(database, clock.now()),
    scrubs,
    integrityFigures: context.integrity.figures,
    close: async () => {
      reports.close()
      await Promise.all([scrubs.stop(), collections.stop()])
      await context.sweeper.close()
    },
    quotas: createRegistryQuotas(database, context.quotas),
    uploads: createOpenUploads(context),
    reclaimSpace: () => context.reclaimSpace(),
    quotaUse: () => readQuotaUse(database, options.defaultQuotas ?? noQuotas),
    capacity: () => ({ openUploads: context.staged.size, stagedBytes: context.staged.total() }),
    collectGarbage: (prepare) => collections.collect(prepare),
  }
}

async function pruneRows({ database, clock, sweeper, lastPulls }: RegistryContext): Promise<void> {
  const beforeMs = clock.now() - tombstoneLifetimeMs
  await sweeper.sweepAll()
  await pruneTombstones(database, beforeMs)
  await lastPulls.sweep()
  await pruneTagChanges(database, clock.now() - tagChangeLifetimeMs)
}

async function usageOf({ quotas }: RegistryContext, rid: string): Promise<RegistryUsage> {
  const { registryBytes: limitBytes } = await quotas.limitsOf({ rid, repository: wholeRegistry })
  return { sizeBytes: await quotas.registryBytes(rid), limitBytes }
}
