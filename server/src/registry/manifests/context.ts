import type { Log } from '../../platform/log/log.ts'
import type { BlobContext } from '../blobs/context.ts'
import type { DeletionSweeper } from '../deletion/deletion-sweeper.ts'
import type { ContentCache } from '../repositories/content-cache.ts'
import type { LastPulls } from './last-pulls.ts'
import type { CachedManifest, ManifestReads } from './manifest-store.ts'

/** The context of the handlers of manifests. */
export type ManifestContext = Omit<BlobContext, 'settings'> & {
  readonly log: Log
  readonly manifests: ManifestReads
  readonly manifestCache: ContentCache<CachedManifest>
  readonly lastPulls: LastPulls
  /** Deletes the rows of deleted content. */
  readonly sweeper: DeletionSweeper
  /** Whether the server accepts an image although the repository lacks some layers of the image. */
  readonly acceptsSparseImages: boolean
}
