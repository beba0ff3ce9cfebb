import { CallerBudgets } from '../platform/caller-budget.ts'
import { createOutbound } from '../platform/outbound/outbound.ts'
import { mountRaw } from '../platform/http/raw-surface.ts'
import type { BlobParts } from './blobs/blob-parts.ts'
import { createBlobs } from './blobs/blobs.ts'
import { sendJson } from './call.ts'
import { deleteManifest } from './manifests/delete-manifest.ts'
import { carryOutPolicies } from './policies/carry-out-policies.ts'
import { createDispatch } from './dispatch.ts'
import { getManifest, headManifest } from './manifests/get-manifest.ts'
import type { RegistryRoom, RegistryRoomOptions, RegistryUsage } from './index.ts'
import { createRegistryQuotas } from './quotas/registry-quotas.ts'
import { readQuotaUse } from './quotas/quota-use-store.ts'
import { noQuotas } from './quotas/quotas.ts'
import { discardUploadsOf } from './uploads/end-upload.ts'
import { createOpenUploads } from './uploads/open-uploads.ts'
import { deleteQuotasOf, wholeRegistry } from './quotas/usage-store.ts'
import { RunningImports } from './imports/imports.ts'
import { listCatalog } from './repositories/list-catalog.ts'
import { PagePositions } from './repositories/list-order.ts'
import { defaultScrubSettings, Scrubs } from './integrity/scrubs.ts'
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
import { forgetAbandoned } from './garbage/abandoned-rows.ts'
import { createDeletionCount } from './repositories/deletion-count-store.ts'
import { forsakeRegistry } from './repositories/repository-store.ts'
import type { RegistryHandlers } from './routes.ts'
import { listDeletedCatalog, listDeletedManifests, listDeletedTags, restoreManifest } from './policies/soft-deleted.ts'
import { getTagProperties, listTagProperties, patchTagProperties, untag } from './properties/tag-properties.ts'

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
