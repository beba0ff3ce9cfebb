import type { Audit } from '../audit/index.ts'
import { type ContentSpace, unlimitedSpace } from '../platform/files/free-space.ts'
import { onlyProcess, type Processes } from '../platform/jobs/processes.ts'
import type { Log } from '../platform/log/log.ts'
import type { SharedRevisions } from '../platform/memory/shared-revisions.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import type { BlobStore } from '../storage/index.ts'
import { type BlobSettings, defaultBlobSettings } from './blobs/blob-settings.ts'
import { prepareBlobReads } from './blobs/blob-store.ts'
import { DeletionSweeper } from './deletion/deletion-sweeper.ts'
import { BlobIntegrity, defaultIntegritySettings, type IntegritySettings } from './integrity/blob-integrity.ts'
import type { ManifestContext } from './manifests/context.ts'
import { IndexChildren } from './manifests/index-children.ts'
import { LastPulls } from './manifests/last-pulls.ts'
import { type CachedManifest, prepareManifestReads } from './manifests/manifest-store.ts'
import type { PropertiesContext } from './properties/context.ts'
import { type DefaultQuotas, noQuotas, Quotas } from './quotas/quotas.ts'
import { StagedBytes } from './quotas/staged-bytes.ts'
import { ContentCache, leasedRevisions, sharedRevisions } from './repositories/content-cache.ts'
import type { RepositoryContext } from './repositories/context.ts'
import { prepareRepositoryReads } from './repositories/repository-store.ts'
import { prepareTagReads } from './repositories/tag-store.ts'
import type { UploadContext } from './uploads/context.ts'
import { SpaceReclaimer } from './uploads/reclaim-space.ts'
import { RunningUploads } from './uploads/running-uploads.ts'
import { Staging } from './uploads/staging.ts'
import { prepareUploadReads } from './uploads/upload-store.ts'

/** One object that has the context types of all submodules. */
export type RegistryContext = RepositoryContext & ManifestContext & UploadContext & PropertiesContext

/** The dependencies and limits of a registry. */
export type ContextOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly blobs: BlobStore
  /** Whether the server accepts an image although the repository lacks some layers of the image. Clients cannot pull such an image. */
  readonly acceptsSparseImages: boolean
  /** The lifetimes and the maximum number of blobs and uploads. Default: `defaultBlobSettings`. */
  readonly blobSettings?: Partial<BlobSettings>
  /** The rules for the verification of stored bytes. Default: `defaultIntegritySettings`. */
  readonly integritySettings?: Partial<IntegritySettings>
  /** The space that content may use. Default: unlimited. */
  readonly space?: ContentSpace
  /** The quotas for registries and repositories that have no quota of their own. Default: no limit. */
  readonly defaultQuotas?: DefaultQuotas
  /** The processes that share the database. Default: only this process. */
  readonly processes?: Processes
  /** The revisions of repositories on SQLite, which threads share. Default: the revisions of this thread only. */
  readonly revisions?: SharedRevisions
}

/** Prepares the context of all handlers. */
export function createContext(options: ContextOptions): RegistryContext {
  const { database, clock, audit, log, acceptsSparseImages, space = unlimitedSpace } = options
  const { processes = onlyProcess() } = options
  const staged = new StagedBytes()
  const quotas: Quotas = new Quotas(database, staged, options.defaultQuotas ?? noQuotas, () => staging.load())
  const staging = new Staging({ database, clock, blobs: options.blobs, space, quotas, staged })
  const blobs = staging.store
  const repositories = prepareRepositoryReads(database)
  const integritySettings = { ...defaultIntegritySettings, ...options.integritySettings }
  const context: RegistryContext = {
    database,
    clock,
    audit,
    log,
    blobs,
    acceptsSparseImages,
    space,
    staged,
    staging,
    quotas,
    repositories,
    lastPulls: new LastPulls(database, clock, repositories),
    manifests: prepareManifestReads(database),
    ...createCaches(options),
    indexChildren: new IndexChildren(),
    tags: prepareTagReads(database),
    sweeper: new DeletionSweeper(database, log),
    integrity: new BlobIntegrity({ database, clock, audit, log, blobs }, integritySettings),
    settings: { ...defaultBlobSettings, ...options.blobSettings },
    blobReads: prepareBlobReads(database),
    uploadReads: prepareUploadReads(database),
    running: new RunningUploads({ database, processes, staged }),
    reclaimSpace: () => spaceReclaimer.reclaimSpace(),
  }
  const spaceReclaimer = new SpaceReclaimer(context)
  return context
}

const maxManifestBytes = 16 * 1024 * 1024
const maxBlobRowBytes = 8 * 1024 * 1024

/** Creates the caches of content. On SQLite, each request reads the row of a blob again, because the read takes only a few microseconds. */
function createCaches({ database, revisions }: ContextOptions): Pick<RegistryContext, 'manifestCache' | 'heldBlobs'> {
  const sizeOf = ({ text = '' }: CachedManifest) => text.length
  if (database.kind === 'sqlite') {
    return {
      manifestCache: new ContentCache(sharedRevisions(revisions), maxManifestBytes, sizeOf),
      heldBlobs: undefined,
    }
  }
  const leased = leasedRevisions(database)
  return {
    manifestCache: new ContentCache(leased, maxManifestBytes, sizeOf),
    heldBlobs: new ContentCache(leased, maxBlobRowBytes),
  }
}
