import type { Audit } from '../audit/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import { type ContentSpace, unlimitedSpace } from '../platform/files/free-space.ts'
import type { Log } from '../platform/log/log.ts'
import type { Database } from '../platform/sql/database.ts'
import type { BlobStore } from '../storage/index.ts'
import { type BlobReads, prepareBlobReads } from './blobs/blob-store.ts'
import { BlobIntegrity, defaultIntegritySettings, type IntegritySettings } from './integrity/blob-integrity.ts'
import { DeletionSweeper } from './deletion/deletion-sweeper.ts'
import { IndexChildren } from './manifests/index-children.ts'
import { ManifestCache } from './manifests/manifest-cache.ts'
import { type ManifestReads, prepareManifestReads } from './manifests/manifest-store.ts'
import { LastPulls } from './manifests/last-pulls.ts'
import { type DefaultQuotas, noQuotas, Quotas } from './quotas/quotas.ts'
import { StagedBytes } from './quotas/staged-bytes.ts'
import { prepareRepositoryReads, type RepositoryReads } from './repositories/repository-store.ts'
import { prepareTagReads, type TagReads } from './repositories/tag-store.ts'
import { Staging } from './uploads/staging.ts'

/** What the use cases of the room share. */
export type Parts = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly blobs: BlobStore
  readonly repositories: RepositoryReads
  readonly manifests: ManifestReads
  /** Absent where another process may write to the database too. */
  readonly manifestCache: ManifestCache | undefined
  readonly lastPulls: LastPulls
  readonly indexChildren: IndexChildren
  readonly tags: TagReads
  readonly heldBlobs: BlobReads['held']
  readonly integrity: BlobIntegrity
  /** Deletes the rows of what was deleted. */
  readonly sweeper: DeletionSweeper
  /** The space that content may take on the file system of the blobs. */
  readonly space: ContentSpace
  readonly staged: StagedBytes
  readonly staging: Staging
  readonly quotas: Quotas
  /** Whether an image may be pushed although the repository lacks some of its layers. */
  readonly acceptsSparseImages: boolean
}

/** How much content there may be; without them there is no limit. */
export type CapacityOptions = { readonly space?: ContentSpace; readonly defaultQuotas?: DefaultQuotas }

/** Prepares what the use cases share. */
export function createParts(
  given: Pick<Parts, 'database' | 'clock' | 'audit' | 'log' | 'blobs' | 'acceptsSparseImages'> & CapacityOptions,
  integritySettings: Partial<IntegritySettings> = {},
): Parts {
  const { space = unlimitedSpace, defaultQuotas = noQuotas } = given
  const staged = new StagedBytes()
  const quotas: Quotas = new Quotas(given.database, staged, defaultQuotas, () => staging.load())
  const staging = new Staging({ ...given, space, quotas, staged })
  const parts = { ...given, blobs: staging.store, space, staged, staging, quotas }
  const repositories = prepareRepositoryReads(parts.database)
  return {
    ...parts,
    repositories,
    lastPulls: new LastPulls(parts.database, parts.clock, repositories),
    manifests: prepareManifestReads(parts.database),
    manifestCache: parts.database.kind === 'sqlite' ? new ManifestCache() : undefined,
    indexChildren: new IndexChildren(),
    tags: prepareTagReads(parts.database),
    sweeper: new DeletionSweeper(parts.database, parts.log),
    heldBlobs: prepareBlobReads(parts.database).held,
    integrity: new BlobIntegrity(parts, { ...defaultIntegritySettings, ...integritySettings }),
  }
}
