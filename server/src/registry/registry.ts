import { CallerBudgets } from '../platform/limits/caller-budget.ts'
import { createOutbound, type Outbound } from '../platform/outbound/outbound.ts'
import { mountRaw } from '../platform/http/raw-surface.ts'
import type { BlobParts } from './blobs/blob-parts.ts'
import { createBlobs } from './blobs/blobs.ts'
import { sendJson } from './surface/call.ts'
import { deleteManifest } from './manifests/delete-manifest.ts'
import { carryOutPolicies } from './retention/carry-out-policies.ts'
import { createDispatch } from './surface.ts'
import { getManifest, headManifest } from './manifests/get-manifest.ts'
import { createRegistryQuotas, type RegistryQuotas } from './quotas/registry-quotas.ts'
import { readQuotaUse, type QuotaUse } from './quotas/quota-use-store.ts'
import { noQuotas, type DefaultQuotas } from './quotas/quotas.ts'
import { discardUploadsOf } from './uploads/end-upload.ts'
import { createOpenUploads, type OpenUploads } from './uploads/open-uploads.ts'
import { deleteQuotasOf, wholeRegistry } from './quotas/usage-store.ts'
import { RunningImports, type Imports, type ImportSettings } from './imports/imports.ts'
import { listCatalog } from './repositories/list-catalog.ts'
import { PagePositions } from './repositories/list-order.ts'
import { defaultScrubSettings, Scrubs, type ScrubSettings } from './scrub/scrubs.ts'
import { listReferrers } from './manifests/list-referrers.ts'
import { listTagNames } from './repositories/list-tags.ts'
import {
  getManifestProperties,
  listManifestProperties,
  patchManifestProperties,
} from './properties/manifest-properties.ts'
import { createParts, type Parts } from './parts.ts'
import { putManifest } from './manifests/put-manifest.ts'
import {
  deleteWholeRepository,
  getRepositoryProperties,
  patchRepositoryProperties,
} from './properties/repository-properties.ts'
import { forgetAbandoned } from './garbage/abandoned-store.ts'
import { createDeletionCount, type DeletionCount } from './repositories/deletion-count-store.ts'
import { forsakeRegistry } from './repositories/repository-store.ts'
import type { RegistryHandlers } from './routes.ts'
import { listDeletedCatalog, listDeletedManifests, listDeletedTags, restoreManifest } from './retention/soft-deleted.ts'
import { getTagProperties, listTagProperties, patchTagProperties, untag } from './properties/tag-properties.ts'
import type { FastifyInstance } from 'fastify'
import type { Audit } from '../audit/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { ContentSpace } from '../platform/files/free-space.ts'
import type { Log } from '../platform/log/log.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { BlobStore } from '../storage/index.ts'
import type { BlobSettings } from './blobs/blob-settings.ts'
import type { VerifyAudit } from './scrub/scrub-run.ts'
import type { IntegritySettings } from './integrity/blob-integrity.ts'
import type { Gate, Transfers, WhichRegistry } from './surface/ports.ts'
import type { PolicedRegistry } from './retention/model.ts'

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

/** Others are none of this surface's. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Longer than any credential lives, so that a repository's end is remembered while one of before is about. */
const forgetAfterMs = 24 * 60 * 60 * 1000

/** Opens the registry room. */
export function createRegistryRoom(options: RegistryRoomOptions): RegistryRoom {
  const { database, clock } = options
  const parts = createParts(options, options.integritySettings)
  const blobs = createBlobs(parts, options.blobSettings)
  const handlers = { ...manifestHandlers(parts), ...propertyHandlers(parts, blobs.parts), ...blobs.handlers }
  const {
    outbound = createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] }),
    importSettings = { maxConcurrent: 4, tokenServices: new Map() },
    callerBudgets = new CallerBudgets(),
  } = options
  const imports = new RunningImports(parts, blobs.parts, outbound, importSettings)
  const garbage = { runs: 0, blobs: 0, uploads: 0, completedAtMs: undefined as number | undefined }
  const { scrubSettings = defaultScrubSettings, verifyAudit } = options
  const scrubs = new Scrubs(parts, blobs.parts, scrubSettings, verifyAudit)
  const dispatch = createDispatch({ ...options, budgets: callerBudgets, handlers })
  return {
    mount: (app) => mountRaw(app, { paths: ['/v2', '/acr/v1'], methods, handle: dispatch }),
    usage: (rid) => usageOf(parts, rid),
    deleteContent: async (transaction, rid) => {
      await deleteQuotasOf(transaction, rid)
      await forsakeRegistry(transaction, rid, clock.now())
    },
    carryOutPolicies: (registry) => carryOutPolicies(parts, registry, blobs.parts.settings.leaseMs),
    imports,
    deletions: createDeletionCount(database),
    resumeDeletions: () => parts.sweeper.begin(),
    manifestCacheFigures: () => parts.manifestCache?.reads,
    garbageFigures: garbage,
    flushLastPulls: () => parts.lastPulls.flush(),
    scrubs,
    integrityFigures: parts.integrity.figures,
    endLostImports: () => imports.endLost(),
    close: async () => {
      await Promise.all([scrubs.stop(), imports.close()])
      await parts.sweeper.close()
    },
    quotas: createRegistryQuotas(database, parts.quotas),
    uploads: createOpenUploads(blobs.parts),
    makeRoom: () => blobs.parts.makeRoom(),
    quotaUse: () => readQuotaUse(database, options.defaultQuotas ?? noQuotas),
    capacity: () => ({ openUploads: parts.staged.size, stagedBytes: parts.staged.total() }),
    collectGarbage: async () => {
      const beforeMs = clock.now() - forgetAfterMs
      const prune = async () => {
        await imports.endLost()
        await imports.forget()
        await parts.sweeper.sweepAll()
        await forgetAbandoned(database, beforeMs)
        await parts.lastPulls.sweep()
      }
      // This takes rows, which a full disk may deny; what frees space is done all the same.
      const [pruned] = await Promise.allSettled([prune()])
      const collected = await blobs.collectGarbage()
      if (pruned.status === 'rejected') throw pruned.reason
      garbage.runs += 1
      garbage.blobs += collected.blobs
      garbage.uploads += collected.uploads
      garbage.completedAtMs = clock.now()
      return collected
    },
  }
}

async function usageOf({ quotas }: Parts, rid: string): Promise<RegistryUsage> {
  const { registryBytes: limitBytes } = await quotas.limitsOf({ rid, repository: wholeRegistry })
  return { sizeBytes: await quotas.registryBytes(rid), limitBytes }
}

function manifestHandlers(parts: Parts) {
  return {
    ping: (call) => sendJson(call, 200, {}),
    listCatalog: (call) => listCatalog(parts, call),
    listTags: (call) => listTagNames(parts, call),
    listReferrers: (call) => listReferrers(parts, call),
    getManifest: (call) => getManifest(parts, call),
    headManifest: (call) => headManifest(parts, call),
    putManifest: (call) => putManifest(parts, call),
    deleteManifest: (call) => deleteManifest(parts, call),
  } satisfies Partial<RegistryHandlers>
}

function propertyHandlers(parts: Parts, blobParts: BlobParts) {
  const tagPositions = new PagePositions()
  const manifestPositions = new PagePositions()
  return {
    listRepositories: (call) => listCatalog(parts, call),
    getRepository: (call) => getRepositoryProperties(parts, call),
    patchRepository: (call) => patchRepositoryProperties(parts, call),
    deleteRepository: (call) => deleteWholeRepository(parts, call, (id) => discardUploadsOf(blobParts, id)),
    listTagProperties: (call) => listTagProperties(parts, tagPositions, call),
    getTag: (call) => getTagProperties(parts, call),
    patchTag: (call) => patchTagProperties(parts, call),
    deleteTag: (call) => untag(parts, call),
    listManifestProperties: (call) => listManifestProperties(parts, manifestPositions, call),
    getManifestProperties: (call) => getManifestProperties(parts, call),
    patchManifest: (call) => patchManifestProperties(parts, call),
    listDeletedCatalog: (call) => listDeletedCatalog(parts, call),
    listDeletedTags: (call) => listDeletedTags(parts, call),
    listDeletedManifests: (call) => listDeletedManifests(parts, call),
    restoreManifest: (call) => restoreManifest(parts, call),
  } satisfies Partial<RegistryHandlers>
}
